// Three rounds fused, for two-input logic. Included once for each width with NAME(x), WORD (one plane) and TARGET defined.
//
// Planes are (low, high): +1 is (0, 1), 0 is (1, 1), -1 is (1, 0). One S-box is changed = (high_a ^ low_b) & low_a,
// low = ~changed, high = (low_a ^ high_b) | changed. So that no NOT is computed, planes are kept complemented in a cycle of
// three rounds: (~low, ~high) -> (~low, high) -> (low, ~high) -> (~low, ~high).

#define FUSED 3
#define COMPLEMENTED 1

typedef struct {
    WORD low, high;
} NAME(trit);

#define TRIT NAME(trit)
#define INLINE TARGET static inline __attribute__((always_inline))

INLINE TRIT NAME(first)(TRIT a, TRIT b) {
    WORD changed = (a.high ^ b.low) & ~a.low;
    return (TRIT){changed, (a.low ^ b.high) | changed};
}

INLINE TRIT NAME(second)(TRIT a, TRIT b) {
    WORD low = (a.high ^ b.low) | a.low;
    return (TRIT){low, (a.low ^ b.high) & low};
}

INLINE TRIT NAME(third)(TRIT a, TRIT b) {
    WORD changed = a.low & ~(a.high ^ b.low);
    return (TRIT){changed, (a.low ^ b.high) & ~changed};
}

// S-box of round r, where that is known only when it runs: the ending.
INLINE TRIT NAME(sbox)(unsigned r, TRIT a, TRIT b) {
    return r % 3 == 0 ? NAME(first)(a, b) : r % 3 == 1 ? NAME(second)(a, b) : NAME(third)(a, b);
}

// One pass: reads positions order[0...], writes `outputs` results (rounded up to a multiple of 4) from order[2] on.
TARGET static __attribute__((noinline)) void NAME(pass)(const void *from, void *to, const uint32_t *order,
                                                        unsigned outputs) {
    const char *source = from;
    char *target = to;
#define READ(q) (*(const TRIT *)(source + order[q]))
    TRIT x0 = READ(0), x1 = READ(1), x2 = READ(2), x3 = READ(3), x, n, m;
    x = READ(4);
    TRIT y0 = NAME(first)(x0, x);
    x0 = x;
    x = READ(5);
    TRIT y1 = NAME(first)(x1, x);
    x1 = x;
    x = READ(6);
    n = NAME(first)(x2, x);
    x2 = x;
    TRIT z = NAME(second)(n, y0);
    y0 = n;
// Read q; the first round ends at q - 4, the second at q - 6, the third at q - 7, which is position q - 5.
#define STEP(q, X, Y)                                         \
    x = READ(q);                                              \
    n = NAME(first)(X, x);                                    \
    X = x;                                                    \
    m = NAME(second)(n, Y);                                   \
    Y = n;                                                    \
    *(TRIT *)(target + order[(q) - 5]) = NAME(third)(z, m);   \
    z = m;
    for (unsigned done = 0; done < outputs; done += 4, order += 4) {
        STEP(7, x3, y1)
        STEP(8, x0, y0)
        STEP(9, x1, y1)
        STEP(10, x2, y0)
    }
#undef STEP
#undef READ
}

#include "Search.h"
