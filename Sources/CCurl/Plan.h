#pragma once
#include <stdint.h>

#define STATE 729
#define ROUNDS 81
#define DIGEST_TRITS 192
#define NONCE_TRITS 48
#define HASH_TRITS 243
/// The last rounds in which fewer than all places are needed for a few tested trits.
#define TRIMMED 9

/// Which places each round touches, for one number of wanted zeros.
///
/// Places are re-indexed, t_r[k] = s_r[(-2)^r * k mod 729], so that round r is t[k] <- S(t[k], t[k + d_r]) with
/// d_r = 364^(r+1) mod 729: in place, along one cycle of stride d_r.
typedef struct {
    uint16_t step[ROUNDS];
    /// For the trimmed rounds: places in the order of the cycle, counted from a place after a hole (or from 0).
    uint16_t count[TRIMMED];
    uint16_t place[TRIMMED][STATE];
    /// Where the tested trits stand after the last round.
    uint16_t tested[HASH_TRITS];
    unsigned zeros;
} curl_plan;

void curl_plan_make(curl_plan *plan, unsigned zeros);

/// The planes (low, high) of byte 0's six trits over 64 consecutive nonces that start at 64 * quarter.
typedef struct {
    uint64_t low[4][6];
    uint64_t high[4][6];
} curl_low_byte;

void curl_low_byte_make(curl_low_byte *table);

/// Six balanced trits of a byte taken as int8, least significant first (b1t6).
void curl_byte_trits(uint8_t byte, int8_t trits[6]);
