#include "CHash.h"
#include <stdatomic.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <arm_neon.h>
#include <sys/auxv.h>
#endif

// FIPS 180-4 section 4.2.2.
static const uint32_t roundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static const uint32_t initialState[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

typedef void compress(uint32_t *state, const uint8_t *blocks, size_t count);

static inline uint32_t rotated(uint32_t x, int by) { return (x >> by) | (x << (32 - by)); }

static void compress_portable(uint32_t *state, const uint8_t *p, size_t count) {
    for (; count > 0; count--, p += 64) {
        uint32_t w[64];
        for (int i = 0; i < 16; i++)
            w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
        for (int i = 16; i < 64; i++) {
            uint32_t s0 = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ (w[i - 15] >> 3);
            uint32_t s1 = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ (w[i - 2] >> 10);
            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
        uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
        for (int i = 0; i < 64; i++) {
            uint32_t t1 = h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & f) ^ (~e & g)) + roundConstants[i] + w[i];
            uint32_t t2 = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            h = g; g = f; f = e; e = d + t1;
            d = c; c = b; b = a; a = t1 + t2;
        }
        state[0] += a; state[1] += b; state[2] += c; state[3] += d;
        state[4] += e; state[5] += f; state[6] += g; state[7] += h;
    }
}

#if defined(__x86_64__)
__attribute__((target("sha,sse4.1,ssse3")))
static void compress_fast(uint32_t *state, const uint8_t *p, size_t count) {
    const __m128i bigEndian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    // The instructions want the state as ABEF and CDGH.
    __m128i dcba = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
    __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);
    __m128i abef = _mm_alignr_epi8(dcba, hgfe, 8);
    __m128i cdgh = _mm_blend_epi16(hgfe, dcba, 0xf0);
    for (; count > 0; count--, p += 64) {
        const __m128i abefBefore = abef, cdghBefore = cdgh;
        __m128i w[4];
        for (int i = 0; i < 4; i++)
            w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(p + 16 * i)), bigEndian);
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; i++) {
            __m128i wk = _mm_add_epi32(w[i & 3], _mm_loadu_si128((const __m128i *)(roundConstants + 4 * i)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, wk);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(wk, 0x0e));
            if (i < 12) {
                __m128i sum = _mm_add_epi32(
                    _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]), _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4));
                w[i & 3] = _mm_sha256msg2_epu32(sum, w[(i + 3) & 3]);
            }
        }
        abef = _mm_add_epi32(abef, abefBefore);
        cdgh = _mm_add_epi32(cdgh, cdghBefore);
    }
    __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
    __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

static int detected(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    if (!(c & (1u << 19)) || !(c & (1u << 9))) return 0;  // SSE4.1, SSSE3
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    return (b & (1u << 29)) ? 1 : 0;  // SHA
}
#elif defined(__aarch64__) && defined(__linux__)
__attribute__((target("sha2")))
static void compress_fast(uint32_t *state, const uint8_t *p, size_t count) {
    uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);
    for (; count > 0; count--, p += 64) {
        const uint32x4_t abcdBefore = abcd, efghBefore = efgh;
        uint32x4_t w[4];
        for (int i = 0; i < 4; i++) w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(p + 16 * i)));
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; i++) {
            uint32x4_t wk = vaddq_u32(w[i & 3], vld1q_u32(roundConstants + 4 * i));
            if (i < 12)
                w[i & 3] = vsha256su1q_u32(vsha256su0q_u32(w[i & 3], w[(i + 1) & 3]), w[(i + 2) & 3], w[(i + 3) & 3]);
            uint32x4_t abcdOld = abcd;
            abcd = vsha256hq_u32(abcd, efgh, wk);
            efgh = vsha256h2q_u32(efgh, abcdOld, wk);
        }
        abcd = vaddq_u32(abcd, abcdBefore);
        efgh = vaddq_u32(efgh, efghBefore);
    }
    vst1q_u32(state, abcd);
    vst1q_u32(state + 4, efgh);
}

static int detected(void) { return (getauxval(AT_HWCAP) & (1ul << 6)) ? 2 : 0; }  // HWCAP_SHA2
#else
#define compress_fast compress_portable
static int detected(void) { return 0; }
#endif

// −1 until asked; every thread that asks first finds the same answer.
static _Atomic int engine = -1;

int chash_sha256_engine(void) {
    int known = atomic_load_explicit(&engine, memory_order_relaxed);
    if (known < 0) {
        known = detected();
        atomic_store_explicit(&engine, known, memory_order_relaxed);
    }
    return known;
}

static inline compress *chosen(void) { return chash_sha256_engine() ? compress_fast : compress_portable; }

static void put(const uint32_t *state, uint8_t *digest) {
    for (int i = 0; i < 8; i++) {
        digest[4 * i] = (uint8_t)(state[i] >> 24);
        digest[4 * i + 1] = (uint8_t)(state[i] >> 16);
        digest[4 * i + 2] = (uint8_t)(state[i] >> 8);
        digest[4 * i + 3] = (uint8_t)state[i];
    }
}

static void put64(uint64_t x, uint8_t *p) {
    for (int i = 0; i < 8; i++) p[i] = (uint8_t)(x >> (56 - 8 * i));
}

static void add(chash_sha256 *c, const uint8_t *bytes, size_t count, compress *run) {
    if (count == 0) return;
    c->sizeBytes += count;
    if (c->used > 0) {
        size_t room = 64 - c->used, taken = count < room ? count : room;
        memcpy(c->block + c->used, bytes, taken);
        c->used += (uint32_t)taken;
        bytes += taken;
        count -= taken;
        if (c->used < 64) return;
        run(c->state, c->block, 1);
        c->used = 0;
    }
    size_t whole = count / 64;
    if (whole > 0) run(c->state, bytes, whole);
    size_t rest = count - whole * 64;
    if (rest > 0) memcpy(c->block, bytes + whole * 64, rest);
    c->used = (uint32_t)rest;
}

static void finish(chash_sha256 *c, uint8_t *digest, compress *run) {
    uint8_t tail[128] = {0};
    memcpy(tail, c->block, c->used);
    tail[c->used] = 0x80;
    size_t blocks = c->used < 56 ? 1 : 2;
    put64(c->sizeBytes * 8, tail + 64 * blocks - 8);
    run(c->state, tail, blocks);
    put(c->state, digest);
}

void chash_sha256_start(chash_sha256 *c) {
    memcpy(c->state, initialState, sizeof initialState);
    c->sizeBytes = 0;
    c->used = 0;
}

void chash_sha256_add(chash_sha256 *c, const uint8_t *bytes, size_t count) { add(c, bytes, count, chosen()); }

void chash_sha256_finish(chash_sha256 *c, uint8_t *digest) { finish(c, digest, chosen()); }

void chash_sha256_once(const uint8_t *bytes, size_t count, uint8_t *digest) {
    chash_sha256 c;
    chash_sha256_start(&c);
    compress *run = chosen();
    add(&c, bytes, count, run);
    finish(&c, digest, run);
}

void chash_sha256_once_portable(const uint8_t *bytes, size_t count, uint8_t *digest) {
    chash_sha256 c;
    chash_sha256_start(&c);
    add(&c, bytes, count, compress_portable);
    finish(&c, digest, compress_portable);
}

void chash_rfc6962_leaf(const uint8_t *bytes, size_t count, uint8_t *digest) {
    static const uint8_t prefix = 0x00;
    chash_sha256 c;
    chash_sha256_start(&c);
    compress *run = chosen();
    add(&c, &prefix, 1, run);
    add(&c, bytes, count, run);
    finish(&c, digest, run);
}

void chash_rfc6962_node(const uint8_t *left, const uint8_t *right, uint8_t *digest) {
    uint8_t blocks[128] = {0};
    blocks[0] = 0x01;
    memcpy(blocks + 1, left, 32);
    memcpy(blocks + 33, right, 32);
    blocks[65] = 0x80;
    blocks[126] = 0x02;  // 65 bytes are 0x0208 bits
    blocks[127] = 0x08;
    uint32_t state[8];
    memcpy(state, initialState, sizeof state);
    chosen()(state, blocks, 2);
    put(state, digest);
}
