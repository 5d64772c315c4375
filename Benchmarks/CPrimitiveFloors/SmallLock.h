// The engine's small lock: a word that holds its owner's thread index + 2, or 0.
#ifndef FLOOR_SMALLLOCK_H
#define FLOOR_SMALLLOCK_H

#include <CPlatform.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct floor_small_lock {
    _Atomic uint32_t owner;
    _Atomic uint32_t waiting_sections; // others give way to them
};

// Waits, and returns how long in nanoseconds. Ends the program where the caller holds the lock.
uint64_t floor_small_lock_slow(struct floor_small_lock *lock);

static inline bool floor_small_lock_try(struct floor_small_lock *lock) {
    uint32_t expected = 0;
    // Acquiring: pairs with the release in floor_small_lock_unlock.
    return atomic_compare_exchange_strong_explicit(
        &lock->owner, &expected, (uint32_t)(cplatform_thread_index() + 2), memory_order_acquire, memory_order_relaxed);
}

static inline uint64_t floor_small_lock_lock(struct floor_small_lock *lock) {
    return atomic_load_explicit(&lock->waiting_sections, memory_order_relaxed) == 0 && floor_small_lock_try(lock)
               ? 0
               : floor_small_lock_slow(lock);
}

static inline void floor_small_lock_unlock(struct floor_small_lock *lock) {
    atomic_store_explicit(&lock->owner, 0, memory_order_release);
}

#endif
