#include "CCurl.h"

#include "Plan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef uint64_t plane128 __attribute__((vector_size(16), may_alias));
typedef uint64_t plane256 __attribute__((vector_size(32), may_alias));
typedef uint64_t plane512 __attribute__((vector_size(64), may_alias));

#define NAME(x) portable64_##x
#define WORD uint64_t
#define TARGET
#include "Gates.h"

#define NAME(x) vector128_##x
#define WORD plane128
#define TARGET
#include "Gates.h"

#if defined(__x86_64__)
#define NAME(x) avx2_##x
#define WORD plane256
#define TARGET __attribute__((target("avx2")))
#include "Gates.h"

#define NAME(x) gates512_##x
#define WORD plane512
#define TARGET __attribute__((target("avx512f")))
#include "Gates.h"

#define NAME(x) ternary512_##x
#define WORD plane512
#define TARGET __attribute__((target("avx512f")))
#include "Ternary.h"
#endif

int ccurl_available(int kernel) {
    switch (kernel) {
        case CCURL_KERNEL_PORTABLE64:
        case CCURL_KERNEL_VECTOR128: return 1;
#if defined(__x86_64__)
        case CCURL_KERNEL_AVX2: return __builtin_cpu_supports("avx2") ? 1 : 0;
        case CCURL_KERNEL_AVX512_GATES:
        case CCURL_KERNEL_AVX512_TERNARY: return __builtin_cpu_supports("avx512f") ? 1 : 0;
#endif
        default: return 0;
    }
}

unsigned ccurl_lanes(int kernel) {
    static const unsigned lanes[CCURL_KERNELS] = {64, 128, 256, 512, 512};
    return kernel >= 0 && kernel < CCURL_KERNELS ? lanes[kernel] : 0;
}

size_t ccurl_workspace_bytes(int kernel) {
    switch (kernel) {
        case CCURL_KERNEL_PORTABLE64: return sizeof(portable64_space);
        case CCURL_KERNEL_VECTOR128: return sizeof(vector128_space);
#if defined(__x86_64__)
        case CCURL_KERNEL_AVX2: return sizeof(avx2_space);
        case CCURL_KERNEL_AVX512_GATES: return sizeof(gates512_space);
        case CCURL_KERNEL_AVX512_TERNARY: return sizeof(ternary512_space);
#endif
        default: return 0;
    }
}

int ccurl_search(int kernel, void *workspace, const int8_t *input, unsigned zeros, uint64_t first, unsigned batches,
                 uint64_t *nonce, unsigned *done) {
    if (!ccurl_available(kernel) || zeros < 1 || zeros > CCURL_ZEROS_MAX || (uintptr_t)workspace % 64 != 0) return -1;
    switch (kernel) {
        case CCURL_KERNEL_PORTABLE64: return portable64_search(workspace, input, zeros, first, batches, nonce, done);
        case CCURL_KERNEL_VECTOR128: return vector128_search(workspace, input, zeros, first, batches, nonce, done);
#if defined(__x86_64__)
        case CCURL_KERNEL_AVX2: return avx2_search(workspace, input, zeros, first, batches, nonce, done);
        case CCURL_KERNEL_AVX512_GATES: return gates512_search(workspace, input, zeros, first, batches, nonce, done);
        case CCURL_KERNEL_AVX512_TERNARY:
            return ternary512_search(workspace, input, zeros, first, batches, nonce, done);
#endif
        default: return -1;
    }
}

uint64_t ccurl_nonce(int kernel, uint64_t batch, unsigned lane) {
    if (lane >= ccurl_lanes(kernel)) return 0;
    curl_counter counter;
    curl_counter_set(&counter, batch % CCURL_BATCHES_MAX);
    return curl_counter_nonce(&counter, lane);
}
