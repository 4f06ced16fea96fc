#pragma once
#include <stddef.h>
#include <stdint.h>

/// Bit-sliced Curl-P-81 search for a nonce (TIP-12). One lane is one nonce; nonces of a batch are consecutive.

/// How wide one batch is. A kernel may be used only where `ccurl_available` says so.
enum {
    CCURL_KERNEL_64 = 0,   ///< 64 lanes, plain C, every machine
    CCURL_KERNEL_256 = 1,  ///< 256 lanes, AVX2
    CCURL_KERNEL_512 = 2,  ///< 512 lanes, AVX-512F
};

/// 1 when this processor runs the kernel, else 0.
int ccurl_available(int kernel);

/// Nonces per batch: 64, 256 or 512; 0 for an unknown kernel.
unsigned ccurl_lanes(int kernel);

/// Bytes of scratch memory, aligned to 64, that one search at a time needs.
size_t ccurl_workspace_bytes(int kernel);

/// Tries `batches` batches of consecutive nonces from `start` on (rounded down to a whole batch; wraps at 2^64).
///
/// `input`: the 243 input trits, each -1, 0 or 1, with any value in the 48 nonce trits (192...239).
/// `zeros`: wanted trailing zero trits of the hash, 1...243.
/// Returns 1 and the nonce in `*nonce`; 0 and the first untried nonce in `*nonce`; -1 for arguments out of range.
int ccurl_search(int kernel, void *workspace, const int8_t *input, unsigned zeros, uint64_t start, unsigned batches,
                 uint64_t *nonce);
