// Which page each thread is installing without a lock: a slot for every thread index, on cache lines of its own, with the
// page + 1, or 0. And the barrier that orders it against sections: membarrier(2), or fences on both sides.
#ifndef FLOOR_PUBLICATION_H
#define FLOOR_PUBLICATION_H

#include "CacheLine.h"

#include <CPlatform.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct floor_slot {
    _Atomic uint64_t page;
} FLOOR_ON_LINES;

struct floor_publication {
    struct floor_slot *slots;
    bool has_membarrier;
};

struct floor_publication floor_publication_create(void);
void floor_publication_destroy(struct floor_publication publication);

void floor_light_fence_slow(void);

// The slot of the calling thread, which must be empty: it has room for one page.
static inline struct floor_slot *floor_own_slot(struct floor_publication publication) {
    const int32_t index = cplatform_thread_index();
    if (index < 0) {
        __builtin_trap();
    }
    struct floor_slot *slot = &publication.slots[index];
    // Relaxed: only this thread writes its slot.
    if (atomic_load_explicit(&slot->page, memory_order_relaxed) != 0) {
        __builtin_trap();
    }
    return slot;
}

// Says which page the calling thread is about to install. Returns its slot, for floor_unpublish.
static inline struct floor_slot *floor_publish(struct floor_publication publication, int64_t page) {
    struct floor_slot *slot = floor_own_slot(publication);
    // Releasing: what the last install wrote comes before it, where no clearing of the slot lies between.
    atomic_store_explicit(&slot->page, (uint64_t)page + 1, memory_order_release);
    cplatform_compiler_barrier();
    if (!publication.has_membarrier) {
        floor_light_fence_slow();
    }
    return slot;
}

// The same with a fence in the exchange, for sections that call no membarrier(2).
static inline struct floor_slot *floor_publish_fenced(struct floor_publication publication, int64_t page) {
    struct floor_slot *slot = floor_own_slot(publication);
    // Sequentially consistent, as the look at the word behind it.
    atomic_exchange_explicit(&slot->page, (uint64_t)page + 1, memory_order_seq_cst);
    return slot;
}

static inline void floor_unpublish(struct floor_slot *slot) {
    // Releasing: the install comes before it; pairs with floor_wait_until_unpublished.
    atomic_store_explicit(&slot->page, 0, memory_order_release);
}

// Between the raise of the stripes and the look at the slots.
void floor_heavy_fence(struct floor_publication publication);

// Waits until each of the first `threads` threads has been seen to install none of the pages.
void floor_wait_until_unpublished(
    struct floor_publication publication, int64_t start_page, int64_t end_page, int64_t threads);

#endif
