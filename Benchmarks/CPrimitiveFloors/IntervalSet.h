// The subscriptions to ranges of one space: a tree, and a sequence that is odd while a range of it is being invalidated.
#ifndef FLOOR_INTERVALSET_H
#define FLOOR_INTERVALSET_H

#include "IntervalTree.h"

#include <pthread.h>

#define FLOOR_INTERVAL_DEAD_BIT (UINT64_C(1) << 63)

struct floor_interval_set {
    // Written with the lock held; the sequence alone is read without it.
    struct {
        struct floor_small_lock lock;
        _Atomic uint64_t sequence;
        _Atomic int64_t active;
        struct floor_interval_node *root;
    } state FLOOR_ON_LINES;
    struct {
        _Atomic int64_t waiters;
        pthread_mutex_t mutex;
        pthread_cond_t condition;
    } sleepers FLOOR_ON_LINES;
};

// False where a reader would have to wait, or is too late.
static inline bool floor_interval_begin_if_idle(
    struct floor_interval_set *set, const struct floor_interval_node *node, uint64_t *ticket) {
    floor_small_lock_lock(&set->state.lock);
    // Relaxed, both: under the lock of the set, which every start holds before its callbacks write the node's.
    *ticket = atomic_load_explicit(&node->sequence, memory_order_relaxed);
    const uint64_t space = atomic_load_explicit(&set->state.sequence, memory_order_relaxed);
    floor_small_lock_unlock(&set->state.lock);
    return *ticket != space && !(*ticket & FLOOR_INTERVAL_DEAD_BIT);
}

// The same without the lock.
static inline bool floor_interval_begin_if_idle_lock_free(
    const struct floor_interval_set *set, const struct floor_interval_node *node, uint64_t *ticket) {
    // Acquiring: the set's is loaded after it, and is not older; pairs with floor_interval_record.
    *ticket = atomic_load_explicit(&node->sequence, memory_order_acquire);
    // Acquiring: pairs with the exchange in floor_interval_set_end.
    const uint64_t space = atomic_load_explicit(&set->state.sequence, memory_order_acquire);
    return *ticket != space && !(*ticket & FLOOR_INTERVAL_DEAD_BIT);
}

// With the readers' lock held, which is why relaxed is enough.
static inline bool floor_interval_retry(const struct floor_interval_node *node, uint64_t ticket) {
    return atomic_load_explicit(&node->sequence, memory_order_relaxed) != ticket;
}

// By a callback, with the readers' lock held.
static inline void floor_interval_record(struct floor_interval_node *node, uint64_t sequence) {
    if (!(sequence & 1)) {
        __builtin_trap();
    }
    if (!(atomic_load_explicit(&node->sequence, memory_order_relaxed) & FLOOR_INTERVAL_DEAD_BIT)) {
        // Releasing: pairs with the acquiring load in floor_interval_begin_if_idle_lock_free.
        atomic_store_explicit(&node->sequence, sequence, memory_order_release);
    }
}

#endif
