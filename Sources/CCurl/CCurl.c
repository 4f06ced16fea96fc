#include "CCurl.h"

#include "Plan.h"

typedef uint64_t wide1 __attribute__((vector_size(8), may_alias));
typedef uint64_t wide4 __attribute__((vector_size(32), may_alias));
typedef uint64_t wide8 __attribute__((vector_size(64), may_alias));

#define LANES_WORDS 1
#define WORD wide1
#define NAME search_64
#define TARGET
#include "Kernel.h"
#undef LANES_WORDS
#undef WORD
#undef NAME
#undef TARGET

#if defined(__x86_64__)
#define LANES_WORDS 4
#define WORD wide4
#define NAME search_256
#define TARGET __attribute__((target("avx2")))
#include "Kernel.h"
#undef LANES_WORDS
#undef WORD
#undef NAME
#undef TARGET

#define LANES_WORDS 8
#define WORD wide8
#define NAME search_512
#define TARGET __attribute__((target("avx512f")))
#include "Kernel.h"
#undef LANES_WORDS
#undef WORD
#undef NAME
#undef TARGET
#endif

int ccurl_available(int kernel) {
    switch (kernel) {
        case CCURL_KERNEL_64: return 1;
#if defined(__x86_64__)
        case CCURL_KERNEL_256: return __builtin_cpu_supports("avx2") ? 1 : 0;
        case CCURL_KERNEL_512: return __builtin_cpu_supports("avx512f") ? 1 : 0;
#endif
        default: return 0;
    }
}

unsigned ccurl_lanes(int kernel) {
    switch (kernel) {
        case CCURL_KERNEL_64: return 64;
        case CCURL_KERNEL_256: return 256;
        case CCURL_KERNEL_512: return 512;
        default: return 0;
    }
}

size_t ccurl_workspace_bytes(int kernel) { return STATE * 2 * (size_t)ccurl_lanes(kernel) / 8; }

int ccurl_search(int kernel, void *workspace, const int8_t *input, unsigned zeros, uint64_t start, unsigned batches,
                 uint64_t *nonce) {
    if (!ccurl_available(kernel) || zeros < 1 || zeros > HASH_TRITS || (uintptr_t)workspace % 64 != 0) return -1;
    curl_plan plan;
    curl_plan_make(&plan, zeros);
    curl_low_byte low_byte;
    curl_low_byte_make(&low_byte);
    switch (kernel) {
        case CCURL_KERNEL_64: return search_64(workspace, input, &plan, &low_byte, start, batches, nonce);
#if defined(__x86_64__)
        case CCURL_KERNEL_256: return search_256(workspace, input, &plan, &low_byte, start, batches, nonce);
        case CCURL_KERNEL_512: return search_512(workspace, input, &plan, &low_byte, start, batches, nonce);
#endif
        default: return -1;
    }
}
