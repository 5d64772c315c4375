// The invlock: a sequence that is odd while interesting sections are open, their count and their hull, and the lock that
// both sides take.
#ifndef FLOOR_INVLOCK_H
#define FLOOR_INVLOCK_H

#include "CPrimitiveFloors.h"
#include "CacheLine.h"
#include "SmallLock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FLOOR_DEAD_BIT (UINT64_C(1) << 63)

struct floor_inv_lock {
    struct {
        struct floor_small_lock lock;
        _Atomic uint64_t sequence;
        _Atomic int64_t active;
        _Atomic int64_t hull_start;
        _Atomic int64_t hull_end;
    } state FLOOR_ON_LINES;
    struct {
        _Atomic int64_t waiters;
        pthread_mutex_t mutex;
        pthread_cond_t condition;
    } sleepers FLOOR_ON_LINES;
};

struct floor_ticket {
    uint64_t sequence;
    int64_t start_page;
    int64_t end_page;
};

// False where a reader would have to wait, or is too late.
static inline bool floor_inv_lock_begin_if_idle(const struct floor_inv_lock *lock, struct floor_ticket *ticket) {
    // Acquiring: pairs with the exchange in floor_inv_lock_ended.
    ticket->sequence = atomic_load_explicit(&lock->state.sequence, memory_order_acquire);
    ticket->start_page = 0;
    ticket->end_page = INT64_MAX;
    return (ticket->sequence & (1 | FLOOR_DEAD_BIT)) == 0;
}

// With the lock held, which is why relaxed is enough.
static inline bool floor_inv_lock_retry(const struct floor_inv_lock *lock, const struct floor_ticket *ticket) {
    const uint64_t sequence = atomic_load_explicit(&lock->state.sequence, memory_order_relaxed);
    if (sequence != ticket->sequence) {
        return true;
    }
    return (sequence & 1) != 0 &&
           ticket->start_page < atomic_load_explicit(&lock->state.hull_end, memory_order_relaxed) &&
           atomic_load_explicit(&lock->state.hull_start, memory_order_relaxed) < ticket->end_page;
}

#endif
