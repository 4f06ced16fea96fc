#include "Plan.h"

unsigned curl_power(unsigned exponent) {
    unsigned power = 1;
    while (exponent--) power = power * 364 % STATE;
    return power;
}

void curl_order_make(curl_order *order, unsigned fused, unsigned trit_bytes) {
    order->parts = fused == 3 ? 3 : 2;
    order->lead = fused == 3 ? 2 : 10;
    order->passes = (ROUNDS - ENDING) / fused - order->parts;
    for (unsigned part = 0; part < order->parts; part++) {
        unsigned unit = curl_power(fused * (part + 1));
        for (unsigned p = 0; p < 2 * STATE + 24; p++) order->part[part][p] = p * unit % STATE * trit_bytes;
    }
    for (unsigned pass = 0; pass < order->passes; pass++) {
        unsigned unit = curl_power(fused * (order->parts + pass + 1));
        for (unsigned q = 0; q < STATE + 24; q++) {
            // Position q - lead: negative ones wrap, those from 729 on are the tail, and whatever is beyond it is not used.
            unsigned place;
            if (q < order->lead) {
                place = (q + STATE - order->lead) * unit % STATE;
            } else if (q - order->lead < STATE) {
                place = (q - order->lead) * unit % STATE;
            } else {
                unsigned beyond = q - order->lead - STATE;
                place = STATE + (beyond < TAIL - 1 ? beyond : TAIL - 1);
            }
            order->pass[pass][q] = place * trit_bytes;
        }
    }
    unsigned unit = curl_power(ROUNDS);
    for (unsigned p = 0; p < 2 * STATE; p++)
        order->ending[p] = (p + STATE - ENDING_ZERO) * unit % STATE * trit_bytes;
}

void curl_byte_trits(uint8_t byte, int8_t trits[6]) {
    int value = byte < 128 ? (int)byte : (int)byte - 256;
    for (int i = 0; i < 6; i++) {
        int rest = ((value % 3) + 3) % 3;  // 0, 1, 2
        int trit = rest == 2 ? -1 : rest;
        trits[i] = (int8_t)trit;
        value = (value - trit) / 3;
    }
}

void curl_counter_set(curl_counter *counter, uint64_t batch) {
    for (unsigned i = 0; i < DIGITS; i++, batch /= 3) counter->digits[i] = (int8_t)(batch % 3);
}

unsigned curl_counter_next(curl_counter *counter) {
    unsigned i = 0;
    while (i < DIGITS - 1 && counter->digits[i] == 2) counter->digits[i++] = 0;
    counter->digits[i] = (int8_t)((counter->digits[i] + 1) % 3);
    return i;
}

int curl_counter_trit(const curl_counter *counter, unsigned i) {
    int above = i + 1 < DIGITS ? counter->digits[i + 1] : 0;
    return (counter->digits[i] - above + 3) % 3 - 1;
}

// Four trits of byte 1 (its first belongs to the lanes), then five of each further byte. A byte's sixth trit stays 0, so
// that every value of the others is a byte: five trits reach from -121 to 121.
unsigned curl_counter_place(unsigned i) { return i < 4 ? 6 + 1 + i : 6 * (2 + (i - 4) / 5) + (i - 4) % 5; }

uint64_t curl_counter_nonce(const curl_counter *counter, unsigned lane) {
    static const int power[5] = {1, 3, 9, 27, 81};
    int bytes[8] = {(int)(lane & 255), (int)(lane >> 8)};
    for (unsigned i = 0; i < DIGITS; i++) {
        unsigned place = curl_counter_place(i);
        bytes[place / 6] += power[place % 6] * curl_counter_trit(counter, i);
    }
    uint64_t nonce = 0;
    for (int b = 7; b >= 0; b--) nonce = nonce << 8 | (uint8_t)bytes[b];
    return nonce;
}
