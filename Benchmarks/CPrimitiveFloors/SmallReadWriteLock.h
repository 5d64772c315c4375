// The engine's small read-write lock, in one word: writer in bit 0, waiting writer in bit 1, readers above.
#ifndef FLOOR_SMALLREADWRITELOCK_H
#define FLOOR_SMALLREADWRITELOCK_H

#include "Waiting.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FLOOR_WRITER UINT32_C(1)
#define FLOOR_WAITING_WRITER UINT32_C(2)
#define FLOOR_READER UINT32_C(4)

struct floor_small_rw_lock {
    _Atomic uint32_t word;
};

// Waits, and returns how long in nanoseconds.
uint64_t floor_small_rw_lock_shared_slow(struct floor_small_rw_lock *lock);

static inline bool floor_small_rw_lock_try_shared(struct floor_small_rw_lock *lock) {
    // Acquiring: pairs with the release in floor_small_rw_lock_unlock_exclusive.
    const uint32_t old = atomic_fetch_add_explicit(&lock->word, FLOOR_READER, memory_order_acquire);
    if (!(old & (FLOOR_WRITER | FLOOR_WAITING_WRITER))) {
        return true;
    }
    // Relaxed: nothing was read under it.
    atomic_fetch_sub_explicit(&lock->word, FLOOR_READER, memory_order_relaxed);
    return false;
}

static inline uint64_t floor_small_rw_lock_shared(struct floor_small_rw_lock *lock) {
    return floor_small_rw_lock_try_shared(lock) ? 0 : floor_small_rw_lock_shared_slow(lock);
}

static inline void floor_small_rw_lock_unlock_shared(struct floor_small_rw_lock *lock) {
    // Releasing: pairs with the acquiring exchange in floor_small_rw_lock_exclusive.
    atomic_fetch_sub_explicit(&lock->word, FLOOR_READER, memory_order_release);
}

static inline void floor_small_rw_lock_exclusive(struct floor_small_rw_lock *lock) {
    unsigned spins = 0;
    // Relaxed: decides only what to try.
    uint32_t free = atomic_load_explicit(&lock->word, memory_order_relaxed) & FLOOR_WAITING_WRITER;
    // Acquiring: pairs with the releases of both unlocks.
    while (!atomic_compare_exchange_strong_explicit(
        &lock->word, &free, FLOOR_WRITER, memory_order_acquire, memory_order_relaxed)) {
        // Relaxed: promises nothing yet.
        free = atomic_fetch_or_explicit(&lock->word, FLOOR_WAITING_WRITER, memory_order_relaxed) & FLOOR_WAITING_WRITER;
        floor_pause(&spins);
    }
}

static inline void floor_small_rw_lock_unlock_exclusive(struct floor_small_rw_lock *lock) {
    // Releasing: pairs with the acquiring addition in floor_small_rw_lock_try_shared.
    atomic_fetch_and_explicit(&lock->word, ~FLOOR_WRITER, memory_order_release);
}

#endif
