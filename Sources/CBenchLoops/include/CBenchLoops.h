#ifndef PLUMBLINE_BENCH_LOOPS_H
#define PLUMBLINE_BENCH_LOOPS_H

#include <stdint.h>

/// Reads `count` holding registers `reads` times over one connection, as plainly as libmodbus allows.
/// Returns the nanoseconds it took, or -1 when a read failed.
int64_t plumbline_bench_flat_reads(const char *host, int port, int count, int reads);

/// Tries `batches` times 64 nonces from `start` on with a plain 64-lane search; the reference of the `pow` figures.
/// `input`: 243 trits, those of the nonce with any value. Returns how many nonces reach `zeros` trailing zero trits.
uint64_t plumbline_bench_curl64(const int8_t *input, unsigned zeros, uint64_t start, unsigned batches);

#endif
