#include "CHash.h"
#include <string.h>

// RFC 7693 section 2.6.
static const uint64_t initial[8] = {
    0x6a09e667f3bcc908ull, 0xbb67ae8584caa73bull, 0x3c6ef372fe94f82bull, 0xa54ff53a5f1d36f1ull,
    0x510e527fade682d1ull, 0x9b05688c2b3e6c1full, 0x1f83d9abfb41bd6bull, 0x5be0cd19137e2179ull,
};

// RFC 7693 section 2.7; rounds 10 and 11 use rows 0 and 1 again.
static const uint8_t schedule[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static inline uint64_t rotated(uint64_t x, int by) { return (x >> by) | (x << (64 - by)); }

static inline void mix(uint64_t *v, int a, int b, int c, int d, uint64_t x, uint64_t y) {
    v[a] += v[b] + x;
    v[d] = rotated(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = rotated(v[b] ^ v[c], 24);
    v[a] += v[b] + y;
    v[d] = rotated(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotated(v[b] ^ v[c], 63);
}

static void compress(chash_blake2b256 *c, int isLast) {
    uint64_t v[16], m[16];
    for (int i = 0; i < 16; i++) {
        m[i] = 0;
        for (int j = 7; j >= 0; j--) m[i] = m[i] << 8 | c->block[8 * i + j];
    }
    memcpy(v, c->state, 64);
    memcpy(v + 8, initial, 64);
    v[12] ^= c->sizeBytes;
    if (isLast) v[14] = ~v[14];
    for (int round = 0; round < 12; round++) {
        const uint8_t *s = schedule[round % 10];
        mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
        mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
        mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
        mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
        mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
        mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
        mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
        mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
    }
    for (int i = 0; i < 8; i++) c->state[i] ^= v[i] ^ v[i + 8];
}

void chash_blake2b256_start(chash_blake2b256 *c) {
    memset(c, 0, sizeof *c);
    memcpy(c->state, initial, sizeof initial);
    c->state[0] ^= 0x01010000u ^ 32u;  // sequential mode, no key, 32 bytes of digest
}

void chash_blake2b256_add(chash_blake2b256 *c, const uint8_t *bytes, size_t count) {
    while (count > 0) {
        // A full block waits until more comes: the last one is compressed with the final flag.
        if (c->used == 128) {
            c->sizeBytes += 128;
            compress(c, 0);
            c->used = 0;
        }
        size_t room = 128 - c->used, taken = count < room ? count : room;
        memcpy(c->block + c->used, bytes, taken);
        c->used += (uint32_t)taken;
        bytes += taken;
        count -= taken;
    }
}

void chash_blake2b256_finish(chash_blake2b256 *c, uint8_t *digest) {
    c->sizeBytes += c->used;
    memset(c->block + c->used, 0, 128 - c->used);
    compress(c, 1);
    for (int i = 0; i < 32; i++) digest[i] = (uint8_t)(c->state[i / 8] >> (8 * (i % 8)));
}
