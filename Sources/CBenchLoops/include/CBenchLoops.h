#ifndef PLUMBLINE_BENCH_LOOPS_H
#define PLUMBLINE_BENCH_LOOPS_H

#include <stdint.h>

/// Reads `count` holding registers `reads` times over one connection, as plainly as libmodbus allows.
/// Returns the nanoseconds it took, or -1 when a read failed.
int64_t plumbline_bench_flat_reads(const char *host, int port, int count, int reads);

#endif
