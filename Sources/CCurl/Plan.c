#include "Plan.h"

#include <string.h>

void curl_byte_trits(uint8_t byte, int8_t trits[6]) {
    int value = byte < 128 ? (int)byte : (int)byte - 256;
    for (int i = 0; i < 6; i++) {
        int rest = ((value % 3) + 3) % 3;  // 0, 1, 2
        int trit = rest == 2 ? -1 : rest;
        trits[i] = (int8_t)trit;
        value = (value - trit) / 3;
    }
}

void curl_low_byte_make(curl_low_byte *table) {
    memset(table, 0, sizeof *table);
    for (int byte = 0; byte < 256; byte++) {
        int8_t trits[6];
        curl_byte_trits((uint8_t)byte, trits);
        uint64_t lane = (uint64_t)1 << (byte & 63);
        for (int i = 0; i < 6; i++) {
            if (trits[i] <= 0) table->low[byte >> 6][i] |= lane;
            if (trits[i] >= 0) table->high[byte >> 6][i] |= lane;
        }
    }
}

void curl_plan_make(curl_plan *plan, unsigned zeros) {
    unsigned power = 1;
    for (int r = 0; r < ROUNDS; r++) {
        power = power * 364 % STATE;
        plan->step[r] = (uint16_t)power;
    }
    // After the last round power = 364^81 = (-2)^-81: hash trit k stands at place power * k.
    plan->zeros = zeros;
    uint8_t needed[STATE] = {0};
    for (unsigned i = 0; i < zeros; i++) {
        plan->tested[i] = (uint16_t)(power * (HASH_TRITS - 1 - i) % STATE);
        needed[plan->tested[i]] = 1;
    }
    for (int t = TRIMMED - 1; t >= 0; t--) {
        unsigned step = plan->step[ROUNDS - TRIMMED + t];
        // Start behind a hole: then no place is overwritten before the one that reads it. Without a hole start at 0
        // and the kernel keeps the first value.
        unsigned first = 0;
        for (unsigned k = 0; k < STATE; k++) {
            if (needed[k] && !needed[(k + STATE - step) % STATE]) {
                first = k;
                break;
            }
        }
        uint8_t before[STATE];
        memcpy(before, needed, sizeof before);
        plan->count[t] = 0;
        for (unsigned j = 0, k = first; j < STATE; j++, k = (k + step) % STATE) {
            if (!needed[k]) continue;
            plan->place[t][plan->count[t]++] = (uint16_t)k;
            before[(k + step) % STATE] = 1;
        }
        memcpy(needed, before, sizeof needed);
    }
}
