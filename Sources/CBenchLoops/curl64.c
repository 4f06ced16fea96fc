#include "CBenchLoops.h"

#include <string.h>

enum { STATE_TRITS = 729, CURL_ROUNDS = 81, INPUT_TRITS = 243, NONCE_TRIT = 192 };

// The search that everybody has, as plainly as it can be written: 64 nonces side by side in the bits of 64-bit words, the
// state copied from one buffer to the other in every round (TIP-12; the S-box on two bit-planes).
uint64_t plumbline_bench_curl64(const int8_t *input, unsigned zeros, uint64_t start, unsigned batches) {
    uint64_t low[2][STATE_TRITS], high[2][STATE_TRITS], hits = 0;
    for (unsigned batch = 0; batch < batches; batch++) {
        for (int k = 0; k < STATE_TRITS; k++) {
            int trit = k < INPUT_TRITS ? input[k] : 0;
            low[0][k] = trit <= 0 ? ~(uint64_t)0 : 0;
            high[0][k] = trit >= 0 ? ~(uint64_t)0 : 0;
        }
        for (int k = NONCE_TRIT; k < NONCE_TRIT + 48; k++) low[0][k] = high[0][k] = 0;
        for (uint64_t lane = 0; lane < 64; lane++) {
            uint64_t nonce = start + 64 * (uint64_t)batch + lane;
            for (int byte = 0; byte < 8; byte++) {
                int value = (int8_t)(nonce >> (8 * byte));
                for (int i = 0; i < 6; i++) {
                    int rest = ((value % 3) + 3) % 3, trit = rest == 2 ? -1 : rest;
                    value = (value - trit) / 3;
                    low[0][NONCE_TRIT + 6 * byte + i] |= (uint64_t)(trit <= 0) << lane;
                    high[0][NONCE_TRIT + 6 * byte + i] |= (uint64_t)(trit >= 0) << lane;
                }
            }
        }
        int from = 0;
        for (int round = 0; round < CURL_ROUNDS; round++, from = 1 - from) {
            const uint64_t *l = low[from], *h = high[from];
            uint64_t *l2 = low[1 - from], *h2 = high[1 - from];
            unsigned a = 0;
            for (int k = 0; k < STATE_TRITS; k++) {
                unsigned b = a < 365 ? a + 364 : a - 365;
                uint64_t changed = (h[a] ^ l[b]) & l[a];
                l2[k] = ~changed;
                h2[k] = (l[a] ^ h[b]) | changed;
                a = b;
            }
        }
        uint64_t miss = 0;
        for (unsigned i = 0; i < zeros; i++) miss |= low[from][INPUT_TRITS - 1 - i] ^ high[from][INPUT_TRITS - 1 - i];
        hits += (uint64_t)__builtin_popcountll(~miss);
    }
    return hits;
}
