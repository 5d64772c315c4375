// The counter of open sections: count in bits 0-15, claim in bit 16, generation above.
#ifndef FLOOR_RANGECOUNTER_H
#define FLOOR_RANGECOUNTER_H

#include "CPrimitiveFloors.h"
#include "CacheLine.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FLOOR_COUNT_MASK UINT64_C(0xffff)
#define FLOOR_CLAIM_BIT (UINT64_C(1) << 16)
#define FLOOR_GENERATION_UNIT (UINT64_C(1) << 17)

struct floor_range_counter {
    _Atomic uint64_t word;
    _Atomic int32_t claimant;
} FLOOR_ON_LINES;

static inline uint64_t floor_range_counter_begin(const struct floor_range_counter *counter) {
    // Acquiring: pairs with the release in floor_range_counter_lower.
    return atomic_load_explicit(&counter->word, memory_order_acquire);
}

static inline bool floor_range_counter_retry(const struct floor_range_counter *counter, uint64_t ticket) {
    // Relaxed: asked under the install lock, which orders it.
    return (atomic_load_explicit(&counter->word, memory_order_relaxed) ^ ticket) >= FLOOR_GENERATION_UNIT;
}

// Waits until no section is open, and keeps new ones from starting.
void floor_range_counter_claim(struct floor_range_counter *counter);
void floor_range_counter_release_claim(struct floor_range_counter *counter);

#endif
