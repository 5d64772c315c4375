// The counter of open sections: two counts, one for each parity of the epoch, in bits 0-13 and 14-27, the epoch modulo 4
// in bits 28-29, the generation above.
#ifndef FLOOR_RANGECOUNTER_H
#define FLOOR_RANGECOUNTER_H

#include "CPrimitiveFloors.h"
#include "CacheLine.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FLOOR_COUNT_BITS 14
#define FLOOR_COUNT_LIMIT UINT64_C(0x3fff)
#define FLOOR_COUNTS_MASK ((UINT64_C(1) << 28) - 1)
#define FLOOR_EPOCH_SHIFT 28
#define FLOOR_GENERATION_UNIT (UINT64_C(1) << 30)

struct floor_range_counter {
    _Atomic uint64_t word;
} FLOOR_ON_LINES;

static inline uint64_t floor_range_counter_begin(const struct floor_range_counter *counter) {
    // Acquiring: pairs with the subtraction in floor_range_counter_lower.
    return atomic_load_explicit(&counter->word, memory_order_acquire);
}

static inline bool floor_range_counter_retry(const struct floor_range_counter *counter, uint64_t ticket) {
    // Relaxed: asked under the install lock, which orders it.
    return (atomic_load_explicit(&counter->word, memory_order_relaxed) ^ ticket) >= FLOOR_GENERATION_UNIT;
}

#endif
