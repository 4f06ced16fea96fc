#pragma once
#include <stddef.h>
#include <stdint.h>

/// SHA-256 (FIPS 180-4) in progress. Plain memory: copying it copies the state of the digest.
typedef struct {
    uint32_t state[8];
    uint64_t sizeBytes;
    uint8_t block[64];
    uint32_t used;
} chash_sha256;

void chash_sha256_start(chash_sha256 *context);
void chash_sha256_add(chash_sha256 *context, const uint8_t *bytes, size_t count);
/// Writes 32 bytes. The context must be started again before further use.
void chash_sha256_finish(chash_sha256 *context, uint8_t *digest);
void chash_sha256_once(const uint8_t *bytes, size_t count, uint8_t *digest);

/// RFC 6962 section 2.1: SHA-256(0x00 || bytes).
void chash_rfc6962_leaf(const uint8_t *bytes, size_t count, uint8_t *digest);
/// RFC 6962 section 2.1: SHA-256(0x01 || left || right), both 32 bytes.
void chash_rfc6962_node(const uint8_t *left, const uint8_t *right, uint8_t *digest);

/// Which compression function runs on this processor: 0 portable, 1 SHA-NI, 2 ARMv8.
int chash_sha256_engine(void);
/// The portable compression function whatever the processor has; for comparing the two.
void chash_sha256_once_portable(const uint8_t *bytes, size_t count, uint8_t *digest);

/// BLAKE2b (RFC 7693) with 32 bytes of output and no key, in progress.
typedef struct {
    uint64_t state[8];
    uint64_t sizeBytes;
    uint8_t block[128];
    uint32_t used;
} chash_blake2b256;

void chash_blake2b256_start(chash_blake2b256 *context);
void chash_blake2b256_add(chash_blake2b256 *context, const uint8_t *bytes, size_t count);
/// Writes 32 bytes. The context must be started again before further use.
void chash_blake2b256_finish(chash_blake2b256 *context, uint8_t *digest);
