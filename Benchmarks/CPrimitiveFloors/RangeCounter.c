#include "RangeCounter.h"

#include "Waiting.h"

#include <CPlatform.h>

// How long a section gives way to a claim that waits for sections which are open already.
#define COURTESY_NANOSECONDS 1000000

static __attribute__((noinline)) bool raise_slow(struct floor_range_counter *counter) {
    const uint64_t courtesy = floor_now() + COURTESY_NANOSECONDS;
    unsigned spins = 0;
    for (;;) {
        uint64_t current = atomic_load_explicit(&counter->word, memory_order_relaxed);
        const bool may_enter =
            !(current & FLOOR_CLAIM_BIT) || ((current & FLOOR_COUNT_MASK) != 0 && floor_now() >= courtesy);
        if (may_enter && atomic_compare_exchange_weak_explicit(
                             &counter->word, &current, current + 1 + FLOOR_GENERATION_UNIT, memory_order_acquire,
                             memory_order_relaxed)) {
            return true;
        }
        floor_pause(&spins);
    }
}

bool floor_range_counter_raise(struct floor_range_counter *counter, bool is_blockable) {
    uint64_t current = atomic_load_explicit(&counter->word, memory_order_relaxed);
    while (!(current & FLOOR_CLAIM_BIT)) {
        if ((current & FLOOR_COUNT_MASK) == FLOOR_COUNT_MASK) {
            __builtin_trap();
        }
        // Acquiring: pairs with the release in floor_range_counter_release_claim.
        if (atomic_compare_exchange_weak_explicit(
                &counter->word, &current, current + 1 + FLOOR_GENERATION_UNIT, memory_order_acquire,
                memory_order_relaxed)) {
            return true;
        }
    }
    return is_blockable && raise_slow(counter);
}

void floor_range_counter_lower(struct floor_range_counter *counter) {
    // Releasing: pairs with the acquiring loads of begin and claim.
    const uint64_t old = atomic_fetch_sub_explicit(&counter->word, 1, memory_order_release);
    if ((old & FLOOR_COUNT_MASK) == 0) {
        __builtin_trap();
    }
}

void floor_range_counter_claim(struct floor_range_counter *counter) {
    unsigned spins = 0;
    // Relaxed: taking the bit promises nothing yet.
    while (atomic_fetch_or_explicit(&counter->word, FLOOR_CLAIM_BIT, memory_order_relaxed) & FLOOR_CLAIM_BIT) {
        floor_pause(&spins);
    }
    atomic_store_explicit(&counter->claimant, cplatform_thread_index(), memory_order_relaxed);
    // Acquiring: pairs with the release in floor_range_counter_lower.
    while (atomic_load_explicit(&counter->word, memory_order_acquire) & FLOOR_COUNT_MASK) {
        floor_pause(&spins);
    }
}

void floor_range_counter_release_claim(struct floor_range_counter *counter) {
    atomic_store_explicit(&counter->claimant, -1, memory_order_relaxed);
    // Releasing: pairs with the acquiring exchange in floor_range_counter_raise.
    atomic_fetch_and_explicit(&counter->word, ~FLOOR_CLAIM_BIT, memory_order_release);
}

struct floor_range_counter *floor_range_counter_create(void) {
    struct floor_range_counter *counter = floor_allocate_lines(sizeof *counter);
    atomic_store_explicit(&counter->claimant, -1, memory_order_relaxed);
    return counter;
}

void floor_range_counter_destroy(struct floor_range_counter *counter) { free(counter); }
