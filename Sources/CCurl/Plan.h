#pragma once
#include <stdint.h>

#define STATE 729
#define ROUNDS 81
#define DIGEST_TRITS 192
#define HASH_TRITS 243
/// The last rounds are computed only where the tested trits need them.
#define ENDING 9
#define ENDING_ZERO 364
/// Places behind the state that hold a copy of its first ones, and one that nobody reads.
#define TAIL 8
#define PLACES (STATE + TAIL)
/// Trits that count batches, and where the first of each byte stands.
#define DIGITS 34

// Places are re-indexed, t_r[k] = s_r[(-2)^r * k mod 729]: a round is t[k] <- S(t[k], t[k + d_r]) with d_r = 364^(r+1) mod
// 729, in place, and d_{r-1} = -2 * d_r. A pass fuses F rounds: in units u of its last round's step, position p is place
// p * u mod 729 and the rounds look ahead by ..., -8, +4, -2, +1. Carrying the partial results in registers, a pass reads
// positions in rising order and writes each result five positions behind the last read one.

/// Byte offsets of places by position, for one width of a trit and one count of fused rounds.
typedef struct {
    /// For in-place passes: reads from -lead on; positions 729... are the copies in the tail.
    uint32_t pass[27][STATE + 24];
    /// For passes from one buffer to another over a part of the positions, true places throughout.
    uint32_t part[3][2 * STATE + 24];
    /// In units of the last round, where hash trit i stands at position i; position 0 is entry ENDING_ZERO.
    uint32_t ending[2 * STATE];
    unsigned passes, parts, lead;
} curl_order;

/// `fused`: 3 or 4. `trit_bytes`: size of one trit, both planes.
void curl_order_make(curl_order *order, unsigned fused, unsigned trit_bytes);

/// 364^exponent mod 729; 364 is the inverse of -2.
unsigned curl_power(unsigned exponent);

/// Six balanced trits of a byte taken as int8, least significant first (b1t6).
void curl_byte_trits(uint8_t byte, int8_t trits[6]);

/// The counter: modular ternary Gray code over 34 trits. `digits` are those of the batch number.
typedef struct {
    int8_t digits[DIGITS];
} curl_counter;

void curl_counter_set(curl_counter *counter, uint64_t batch);
/// Goes to the next batch; returns which digit of the Gray code changed.
unsigned curl_counter_next(curl_counter *counter);
/// The trit that Gray digit `i` stands for now, -1, 0 or 1.
int curl_counter_trit(const curl_counter *counter, unsigned i);
/// The nonce trit (0...47) that Gray digit `i` sets.
unsigned curl_counter_place(unsigned i);
/// The nonce of one lane.
uint64_t curl_counter_nonce(const curl_counter *counter, unsigned lane);
