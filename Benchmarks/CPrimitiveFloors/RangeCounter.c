#include "RangeCounter.h"

uint64_t floor_range_counter_raise(struct floor_range_counter *counter) {
    uint64_t current = atomic_load_explicit(&counter->word, memory_order_relaxed);
    for (;;) {
        const uint64_t parity = current >> FLOOR_EPOCH_SHIFT & 1;
        const uint64_t shift = parity * FLOOR_COUNT_BITS;
        if ((current >> shift & FLOOR_COUNT_LIMIT) == FLOOR_COUNT_LIMIT) {
            __builtin_trap();
        }
        // Sequentially consistent: before the load of the newest serial.
        if (atomic_compare_exchange_weak_explicit(
                &counter->word, &current, current + (UINT64_C(1) << shift) + FLOOR_GENERATION_UNIT,
                memory_order_seq_cst, memory_order_relaxed)) {
            return parity;
        }
    }
}

bool floor_range_counter_lower(struct floor_range_counter *counter, uint64_t parity) {
    const uint64_t shift = parity * FLOOR_COUNT_BITS;
    // Sequentially consistent: releases the change of the pages, and comes before the look at the covers.
    const uint64_t old = atomic_fetch_sub_explicit(&counter->word, UINT64_C(1) << shift, memory_order_seq_cst);
    const uint64_t count = old >> shift & FLOOR_COUNT_LIMIT;
    if (count == 0) {
        __builtin_trap();
    }
    return count == 1;
}

struct floor_range_counter *floor_range_counter_create(void) {
    return floor_allocate_lines(sizeof(struct floor_range_counter));
}

void floor_range_counter_destroy(struct floor_range_counter *counter) { free(counter); }
