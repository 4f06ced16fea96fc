// Four rounds fused, for three-input logic and 32 registers (AVX-512). Included once, with NAME(x), WORD and TARGET defined.
//
// Planes are (low, high): +1 is (0, 1), 0 is (1, 1), -1 is (1, 0). One S-box is low = ~(low_a & (high_a ^ low_b)), then
// high = (low_a ^ high_b) | ~low: two ternary-logic operations, truth tables 0x9F and 0x7D.

#define FUSED 4
#define COMPLEMENTED 0

typedef struct {
    WORD low, high;
} NAME(trit);

#define TRIT NAME(trit)
#define INLINE TARGET static inline __attribute__((always_inline))

INLINE TRIT NAME(round)(TRIT a, TRIT b) {
    __m512i low = _mm512_ternarylogic_epi64((__m512i)a.low, (__m512i)a.high, (__m512i)b.low, 0x9F);
    __m512i high = _mm512_ternarylogic_epi64((__m512i)a.low, (__m512i)b.high, low, 0x7D);
    return (TRIT){(WORD)low, (WORD)high};
}

INLINE TRIT NAME(sbox)(unsigned r, TRIT a, TRIT b) {
    (void)r;
    return NAME(round)(a, b);
}

// One pass: reads positions order[0...], writes `outputs` results (rounded up to a multiple of 8) from order[10] on.
TARGET static __attribute__((noinline)) void NAME(pass)(const void *from, void *to, const uint32_t *order,
                                                        unsigned outputs) {
    const char *source = from;
    char *target = to;
#define READ(q) (*(const TRIT *)(source + order[q]))
    TRIT x[8], y[4], z[2], last, v, n, m, o;
#pragma clang loop unroll(full)
    for (int q = 0; q < 8; q++) x[q] = READ(q);
#pragma clang loop unroll(full)
    for (int q = 8; q < 15; q++) {
        v = READ(q);
        n = NAME(round)(v, x[q & 7]);
        x[q & 7] = v;
        if (q >= 12) m = NAME(round)(y[q & 3], n);
        y[q & 3] = n;
        if (q == 14) last = NAME(round)(m, z[0]);
        if (q >= 12) z[q & 1] = m;
    }
    for (unsigned done = 0; done < outputs; done += 8, order += 8) {
#pragma clang loop unroll(full)
        for (int q = 15; q < 23; q++) {
            // Read q; the rounds end at q - 8, q - 12, q - 14 and q - 15, which is position q - 5.
            v = READ(q);
            n = NAME(round)(v, x[q & 7]);
            x[q & 7] = v;
            m = NAME(round)(y[q & 3], n);
            y[q & 3] = n;
            o = NAME(round)(m, z[q & 1]);
            z[q & 1] = m;
            *(TRIT *)(target + order[q - 5]) = NAME(round)(last, o);
            last = o;
        }
    }
#undef READ
}

#include "Search.h"
