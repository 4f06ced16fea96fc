#pragma once
#include <stddef.h>
#include <stdint.h>

/// Bit-sliced Curl-P-81 search for a nonce (TIP-12). One lane is one nonce.
///
/// Nonces are tried in an order of our own: position p = batch * lanes + lane. Lanes take byte 0 of the nonce (and one trit
/// of byte 1 where there are more than 256); batches count through five trits of each further byte in a ternary Gray code, so
/// that one trit changes from batch to batch and the first rounds are recomputed only where it reaches.

/// A kernel may be used only where `ccurl_available` says so.
enum {
    CCURL_KERNEL_PORTABLE64 = 0,      ///< 64 lanes, plain C, every machine
    CCURL_KERNEL_VECTOR128 = 1,       ///< 128 lanes, SSE2 or NEON
    CCURL_KERNEL_AVX2 = 2,            ///< 256 lanes
    CCURL_KERNEL_AVX512_GATES = 3,    ///< 512 lanes, two-input logic: for cores that run it at twice the rate
    CCURL_KERNEL_AVX512_TERNARY = 4,  ///< 512 lanes, three-input logic
    CCURL_KERNELS = 5,
};

/// 1 when this processor runs the kernel, else 0.
int ccurl_available(int kernel);

/// Nonces per batch: 64, 128, 256 or 512; 0 for an unknown kernel.
unsigned ccurl_lanes(int kernel);

/// Bytes of scratch memory, aligned to 64, that one search at a time needs; 0 for an unknown kernel.
size_t ccurl_workspace_bytes(int kernel);

/// Batches after which the order of nonces begins again: 3^34.
#define CCURL_BATCHES_MAX 16677181699666569ULL

/// Most trailing zero trits that can be asked for. No block needs more than 40.
#define CCURL_ZEROS_MAX 81

/// Tries `batches` batches from batch number `first` on, wrapping at `CCURL_BATCHES_MAX`.
///
/// `input`: the 243 input trits, each -1, 0 or 1, with any value in the 48 nonce trits (192...239).
/// `zeros`: wanted trailing zero trits of the hash, 1...CCURL_ZEROS_MAX.
/// Returns 1 with the nonce in `*nonce` and the number of batches before the one that has it in `*done`; 0 with `*done` =
/// `batches`; -1 for arguments out of range.
int ccurl_search(int kernel, void *workspace, const int8_t *input, unsigned zeros, uint64_t first, unsigned batches,
                 uint64_t *nonce, unsigned *done);

/// The nonce that one lane of one batch tries; 0 for an unknown kernel or lane.
uint64_t ccurl_nonce(int kernel, uint64_t batch, unsigned lane);
