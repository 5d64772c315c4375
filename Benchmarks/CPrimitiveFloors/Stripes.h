// The stripes of a guard, each with one word on cache lines of its own: lock, dead, revoking and biased in bits 0-3, open
// sections in bits 4-23, generation above. A locked word has no other bit: whoever took the lock has the word in hand, and
// stores it back. The word of the wide sections has the count and the generation alone.
#ifndef FLOOR_STRIPES_H
#define FLOOR_STRIPES_H

#include "CacheLine.h"
#include "Waiting.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FLOOR_STRIPE_LOCK (UINT64_C(1) << 0)
#define FLOOR_STRIPE_DEAD (UINT64_C(1) << 1)
#define FLOOR_STRIPE_REVOKING (UINT64_C(1) << 2)
#define FLOOR_STRIPE_BIASED (UINT64_C(1) << 3)
#define FLOOR_STRIPE_SECTION (UINT64_C(1) << 4)
#define FLOOR_STRIPE_COUNT (UINT64_C(0xfffff) << 4)
#define FLOOR_STRIPE_GENERATION (UINT64_C(1) << 24)
#define FLOOR_STRIPE_START (FLOOR_STRIPE_SECTION + FLOOR_STRIPE_GENERATION)

struct floor_stripe {
    _Atomic uint64_t word;
    _Atomic uint64_t waiting_sections; // that wait for the lock, in units of a section; faults give way to them
    _Atomic uint64_t last_change;      // the word as a section changed it lately
    _Atomic uint32_t quiet_faults;     // written with the lock held
} FLOOR_ON_LINES;

struct floor_stripes {
    struct floor_stripe *base;
    int64_t count;
    int shift; // of a page number
};

// Stripes of 512 pages for `pages` pages, each with its word at `word`.
static inline struct floor_stripes floor_stripes_create(int64_t pages, uint64_t word) {
    const int shift = 9;
    const int64_t count = (pages + (INT64_C(1) << shift) - 1) >> shift;
    struct floor_stripe *base = floor_allocate_lines((size_t)count * sizeof *base);
    for (int64_t index = 0; index < count; index++) {
        atomic_store_explicit(&base[index].word, word, memory_order_relaxed);
    }
    return (struct floor_stripes){base, count, shift};
}

// Ends the program where there are fewer.
static inline struct floor_stripe *floor_stripe(struct floor_stripes stripes, int64_t index) {
    if (index < 0 || index >= stripes.count) {
        __builtin_trap();
    }
    return &stripes.base[index];
}

static inline struct floor_stripe *floor_stripe_of(struct floor_stripes stripes, int64_t page) {
    return floor_stripe(stripes, page >> stripes.shift);
}

// What a range covers of one stripe.
static inline int64_t floor_part_start(struct floor_stripes stripes, int64_t index, int64_t start_page) {
    const int64_t first = index << stripes.shift;
    return start_page > first ? start_page : first;
}

static inline int64_t floor_part_end(struct floor_stripes stripes, int64_t index, int64_t end_page) {
    const int64_t end = (index + 1) << stripes.shift;
    return end_page < end ? end_page : end;
}

static inline uint64_t floor_with_start(uint64_t word) {
    if ((word & FLOOR_STRIPE_COUNT) == FLOOR_STRIPE_COUNT) {
        __builtin_trap();
    }
    return word + FLOOR_STRIPE_START;
}

static inline uint64_t floor_with_end(uint64_t word) {
    if ((word & FLOOR_STRIPE_COUNT) == 0) {
        __builtin_trap();
    }
    return word - FLOOR_STRIPE_SECTION;
}

static inline uint64_t floor_with_lock(uint64_t word) { return word | FLOOR_STRIPE_LOCK; }

static inline bool floor_stripe_exchange(struct floor_stripe *stripe, uint64_t *current, uint64_t changed) {
    const uint64_t desired = changed & FLOOR_STRIPE_LOCK ? FLOOR_STRIPE_LOCK : changed;
    if (!atomic_compare_exchange_strong_explicit(
            &stripe->word, current, desired, memory_order_acq_rel, memory_order_relaxed)) {
        return false;
    }
    atomic_store_explicit(&stripe->last_change, changed & ~FLOOR_STRIPE_LOCK, memory_order_relaxed);
    return true;
}

// The rest of floor_stripe_update once the lock was found taken.
uint64_t floor_stripe_update_slow(struct floor_stripe *stripe, uint64_t (*change)(uint64_t word));

// Changes the word while nobody holds the lock; takes the lock if the changed word has it. Returns what it was changed to.
// Acquiring: pairs with the release that gives the lock back. Releasing: the change of the pages comes before an end; pairs
// with the load of a ticket.
static inline __attribute__((always_inline)) uint64_t floor_stripe_update(
    struct floor_stripe *stripe, uint64_t (*change)(uint64_t word)) {
    // Relaxed: the exchange has the ordering.
    uint64_t current = atomic_load_explicit(&stripe->word, memory_order_relaxed);
    while (!(current & FLOOR_STRIPE_LOCK)) {
        const uint64_t changed = change(current);
        if (floor_stripe_exchange(stripe, &current, changed)) {
            return changed;
        }
    }
    return floor_stripe_update_slow(stripe, change);
}

// Gives back the lock, and with it this word. Releasing: pairs with the exchange of the next holder.
static inline void floor_stripe_unlock(struct floor_stripe *stripe, uint64_t locked) {
    atomic_store_explicit(&stripe->word, locked & ~FLOOR_STRIPE_LOCK, memory_order_release);
}

#endif
