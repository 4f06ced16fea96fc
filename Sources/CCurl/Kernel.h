// One kernel. Included once for each width, with LANES_WORDS (64-bit words per plane), WORD (the plane's type),
// NAME (the function) and TARGET (its attribute) defined.

TARGET static int NAME(void *workspace, const int8_t *input, const curl_plan *plan, const curl_low_byte *low_byte,
                       uint64_t start, unsigned batches, uint64_t *nonce) {
    typedef struct {
        WORD low, high;
    } trit;
    trit *t = workspace;
    const uint64_t lanes = 64 * LANES_WORDS;
    uint64_t base = start - start % lanes;

    for (unsigned batch = 0; batch < batches; batch++, base += lanes) {
        // +1 is (0, 1), 0 is (1, 1), -1 is (1, 0).
        for (int k = 0; k < STATE; k++) {
            int value = k < HASH_TRITS ? input[k] : 0;
            uint64_t low = value <= 0 ? ~(uint64_t)0 : 0, high = value >= 0 ? ~(uint64_t)0 : 0;
            t[k].low = (WORD){0} + low;
            t[k].high = (WORD){0} + high;
        }
        for (int w = 0; w < LANES_WORDS; w++) {
            uint64_t value = base + 64 * (uint64_t)w;
            int quarter = (int)(value >> 6 & 3);
            for (int i = 0; i < 6; i++) {
                ((uint64_t *)&t[DIGEST_TRITS + i].low)[w] = low_byte->low[quarter][i];
                ((uint64_t *)&t[DIGEST_TRITS + i].high)[w] = low_byte->high[quarter][i];
            }
            for (int b = 1; b < 8; b++) {
                int8_t trits[6];
                curl_byte_trits((uint8_t)(value >> (8 * b)), trits);
                for (int i = 0; i < 6; i++) {
                    int k = DIGEST_TRITS + 6 * b + i;
                    ((uint64_t *)&t[k].low)[w] = trits[i] <= 0 ? ~(uint64_t)0 : 0;
                    ((uint64_t *)&t[k].high)[w] = trits[i] >= 0 ? ~(uint64_t)0 : 0;
                }
            }
        }

#define SBOX(place, next)                              \
    do {                                               \
        WORD changed = (a.high ^ (next).low) & a.low;  \
        WORD other = (a.low ^ (next).high) | changed;  \
        t[place].low = ~changed;                       \
        t[place].high = other;                         \
    } while (0)

        for (int r = 0; r < ROUNDS - TRIMMED; r++) {
            unsigned step = plan->step[r], k = 0;
            trit first = t[0], a = first;
            for (int j = 0; j < STATE - 1; j++) {
                unsigned next = k + step;
                next = next >= STATE ? next - STATE : next;
                trit b = t[next];
                SBOX(k, b);
                a = b;
                k = next;
            }
            SBOX(k, first);
        }
        for (int r = 0; r < TRIMMED; r++) {
            unsigned step = plan->step[ROUNDS - TRIMMED + r];
            unsigned count = plan->count[r];
            if (count == 0) continue;
            const uint16_t *place = plan->place[r];
            unsigned start_place = place[0];
            trit first = t[start_place];
            for (unsigned j = 0; j < count; j++) {
                unsigned k = place[j], next = k + step;
                next = next >= STATE ? next - STATE : next;
                trit a = t[k];
                trit b = next == start_place ? first : t[next];
                SBOX(k, b);
            }
        }
#undef SBOX

        WORD miss = (WORD){0};
        for (unsigned i = 0; i < plan->zeros; i++) miss |= t[plan->tested[i]].low ^ t[plan->tested[i]].high;
        for (int w = 0; w < LANES_WORDS; w++) {
            uint64_t hit = ~((uint64_t *)&miss)[w];
            if (hit) {
                *nonce = base + 64 * (uint64_t)w + (uint64_t)__builtin_ctzll(hit);
                return 1;
            }
        }
    }
    *nonce = base;
    return 0;
}
