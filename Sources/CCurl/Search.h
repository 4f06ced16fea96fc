// The search around the passes. Included by Gates.h and Ternary.h; everything they define is undefined at the end.

#define LANES (8 * sizeof(WORD))
#define WORDS (sizeof(WORD) / 8)

/// Scratch memory of one search: the state at the beginning, after each part, and the one that is worked on.
typedef struct {
    TRIT start[PLACES];
    TRIT part[3][PLACES];
    TRIT work[PLACES];
    curl_order order;
} NAME(space);

static inline TRIT NAME(constant)(int trit) {
    uint64_t low = trit <= 0 ? ~(uint64_t)0 : 0, high = trit >= 0 ? ~(uint64_t)0 : 0;
#if COMPLEMENTED
    low = ~low;
    high = ~high;
#endif
    TRIT value;
    for (unsigned w = 0; w < WORDS; w++) {
        ((uint64_t *)&value.low)[w] = low;
        ((uint64_t *)&value.high)[w] = high;
    }
    return value;
}

/// The state before the first round: the input, byte 0 and the first trit of byte 1 by lane, the counter's trits.
static void NAME(begin)(NAME(space) *space, const int8_t *input, const curl_counter *counter) {
    TRIT *start = space->start;
    TRIT zero = NAME(constant)(0);
    for (int k = 0; k < PLACES; k++) start[k] = k < HASH_TRITS ? NAME(constant)(input[k]) : zero;
    for (int k = 0; k < 48; k++) start[DIGEST_TRITS + k] = zero;
    for (unsigned lane = 0; lane < LANES; lane++) {
        int8_t trits[7];
        curl_byte_trits((uint8_t)lane, trits);
        trits[6] = (int8_t)(lane >> 8);
        for (int i = 0; i < 7; i++) {
            uint64_t bit = (uint64_t)1 << (lane & 63);
            uint64_t *low = (uint64_t *)&start[DIGEST_TRITS + i].low + lane / 64;
            uint64_t *high = (uint64_t *)&start[DIGEST_TRITS + i].high + lane / 64;
            // From 0, which has both planes alike, to +1 or -1.
            if (trits[i] > 0) *low ^= bit;
            if (trits[i] < 0) *high ^= bit;
        }
    }
    for (unsigned i = 0; i < DIGITS; i++)
        start[DIGEST_TRITS + curl_counter_place(i)] = NAME(constant)(curl_counter_trit(counter, i));
}

/// Brings the parts up to date after nonce trit `place` of the beginning has changed; all of them when it is negative.
TARGET static void NAME(refresh)(NAME(space) *space, int place) {
    const curl_order *order = &space->order;
    // First changed position and how many there are, in units of the part at hand.
    int first = 0, count = STATE;
    const int ratio = FUSED == 3 ? -8 : 16;
    for (unsigned part = 0; part < order->parts; part++) {
        if (place >= 0) {
            // Positions before this part's rounds, in its units: `ratio` times those of the part before.
            int low, high;
            if (part == 0) {
                low = high = ratio * place;
            } else {
                int a = ratio * first, b = ratio * (first + count - 1);
                low = a < b ? a : b;
                high = a < b ? b : a;
            }
            first = low - 5;
            count = high + (int)order->lead - first + 1;
        }
        int from = ((first - (int)order->lead) % STATE + STATE) % STATE;
        NAME(pass)(part == 0 ? space->start : space->part[part - 1], space->part[part], order->part[part] + from,
                   (unsigned)count);
    }
}

TARGET static int NAME(search)(void *workspace, const int8_t *input, unsigned zeros, uint64_t first, unsigned batches,
                               uint64_t *nonce, unsigned *done) {
    NAME(space) *space = workspace;
    curl_order_make(&space->order, FUSED, sizeof(TRIT));
    curl_counter counter;
    curl_counter_set(&counter, first % CCURL_BATCHES_MAX);
    NAME(begin)(space, input, &counter);
    int changed = -1;
    const curl_order *order = &space->order;
    char *work = (char *)space->work;
    for (unsigned batch = 0; batch < batches; batch++) {
        NAME(refresh)(space, changed);
        const void *from = space->part[order->parts - 1];
        for (unsigned pass = 0; pass < order->passes; pass++) {
            // A pass overwrites the first positions before it reads them again at its end.
            TRIT *tail = (TRIT *)from + STATE;
            for (unsigned i = 0; i < 5; i++)
                tail[i] = *(const TRIT *)((const char *)from + order->pass[pass][order->lead + i]);
            NAME(pass)(from, work, order->pass[pass], STATE);
            from = work;
        }
        // Backwards from the tested trits: after round r the positions low...high are needed.
        int low[ENDING], high[ENDING];
        low[ENDING - 1] = HASH_TRITS - (int)zeros;
        high[ENDING - 1] = HASH_TRITS - 1;
        for (int e = ENDING - 1; e > 0; e--) {
            int step = (ENDING - 1 - e) % 2 == 0 ? 1 << (ENDING - 1 - e) : -(1 << (ENDING - 1 - e));
            low[e - 1] = low[e] + (step < 0 ? step : 0);
            high[e - 1] = high[e] + (step > 0 ? step : 0);
        }
        for (int e = 0; e < ENDING; e++) {
            int step = (ENDING - 1 - e) % 2 == 0 ? 1 << (ENDING - 1 - e) : -(1 << (ENDING - 1 - e));
            unsigned r = ROUNDS - ENDING + (unsigned)e;
            int p = step > 0 ? low[e] : high[e];
            for (int left = high[e] - low[e] + 1; left > 0; left--, p += step > 0 ? 1 : -1) {
                TRIT *a = (TRIT *)(work + order->ending[p + ENDING_ZERO]);
                const TRIT *b = (const TRIT *)(work + order->ending[p + step + ENDING_ZERO]);
                *a = NAME(sbox)(r, *a, *b);
            }
        }
        WORD miss = {0};
        for (unsigned i = 0; i < zeros; i++) {
            const TRIT *t = (const TRIT *)(work + order->ending[HASH_TRITS - 1 - i + ENDING_ZERO]);
            miss |= t->low ^ t->high;
        }
        for (unsigned w = 0; w < WORDS; w++) {
            uint64_t hit = ~((const uint64_t *)&miss)[w];
            if (hit == 0) continue;
            *nonce = curl_counter_nonce(&counter, 64 * w + (unsigned)__builtin_ctzll(hit));
            *done = batch;
            return 1;
        }
        unsigned digit = curl_counter_next(&counter);
        changed = (int)(DIGEST_TRITS + curl_counter_place(digit));
        space->start[changed] = NAME(constant)(curl_counter_trit(&counter, digit));
    }
    *done = batches;
    return 0;
}

#undef FUSED
#undef COMPLEMENTED
#undef TRIT
#undef INLINE
#undef LANES
#undef WORDS
#undef NAME
#undef WORD
#undef TARGET
