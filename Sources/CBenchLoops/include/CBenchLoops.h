#ifndef PLUMBLINE_BENCH_LOOPS_H
#define PLUMBLINE_BENCH_LOOPS_H

#include <stdint.h>

/// Reads `count` holding registers `reads` times over one connection, as plainly as libmodbus allows.
/// Returns the nanoseconds it took, or -1 when a read failed.
int64_t plumbline_bench_flat_reads(const char *host, int port, int count, int reads);

/// Tries `batches` times 64 nonces from `start` on with a plain 64-lane search; the reference of the `pow` figures.
/// `input`: 243 trits, those of the nonce with any value. Returns how many nonces reach `zeros` trailing zero trits.
uint64_t plumbline_bench_curl64(const int8_t *input, unsigned zeros, uint64_t start, unsigned batches);

/// Answers function 3 and 4 on `ports` free ports of 127.0.0.1 for every unit id but `silent_unit` (-1: none) until standard
/// input ends. Every register holds the time of its answer: UTC in units of 100 microseconds, modulo 65536.
/// Writes the ports to standard output, one a line, then an empty line. Returns 0, or -1 when a port could not be had.
int plumbline_bench_serve(int ports, int silent_unit);

/// Publishes `messages` numbers to the topics `prefix/v0` … `prefix/v(topics - 1)` in turn, as fast as the broker takes them.
/// Returns the nanoseconds until the last one was sent (QoS 0) or answered (QoS 1), or -1.
int64_t plumbline_bench_publish(
    const char *host, int port, const char *prefix, int topics, int qos, int64_t messages);

/// Counts messages under `filter` until none has come for `quiet_ms`; `*messages` is how many came. Writes an empty line to
/// standard output when it listens. Returns the nanoseconds from the first to the last, or -1.
int64_t plumbline_bench_subscribe(const char *host, int port, const char *filter, int quiet_ms, int64_t *messages);

#endif
