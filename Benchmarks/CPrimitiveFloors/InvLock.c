#include "InvLock.h"

// Relaxed accesses in this file: under the lock, which orders them.
#define LOAD(word) atomic_load_explicit(&(word), memory_order_relaxed)
#define STORE(word, value) atomic_store_explicit(&(word), (value), memory_order_relaxed)

static __attribute__((noinline)) void wake_sleepers(struct floor_inv_lock *lock) {
    pthread_mutex_lock(&lock->sleepers.mutex);
    pthread_cond_broadcast(&lock->sleepers.condition);
    pthread_mutex_unlock(&lock->sleepers.mutex);
}

void floor_inv_lock_started(
    struct floor_inv_lock *lock, int64_t start_page, int64_t end_page, bool interesting,
    void (*teardown)(void *context, int64_t start_page, int64_t end_page), void *context) {
    floor_small_lock_lock(&lock->state.lock);
    teardown(context, start_page, end_page);
    const uint64_t sequence = LOAD(lock->state.sequence);
    if (interesting && !(sequence & FLOOR_DEAD_BIT)) {
        STORE(lock->state.active, LOAD(lock->state.active) + 1);
        if (!(sequence & 1)) {
            STORE(lock->state.hull_start, start_page);
            STORE(lock->state.hull_end, end_page);
            STORE(lock->state.sequence, sequence + 1);
        } else {
            const int64_t hull_start = LOAD(lock->state.hull_start);
            const int64_t hull_end = LOAD(lock->state.hull_end);
            STORE(lock->state.hull_start, start_page < hull_start ? start_page : hull_start);
            STORE(lock->state.hull_end, end_page > hull_end ? end_page : hull_end);
        }
    }
    floor_small_lock_unlock(&lock->state.lock);
}

void floor_inv_lock_ended(struct floor_inv_lock *lock, int64_t start_page, int64_t end_page, bool interesting) {
    (void)start_page;
    (void)end_page;
    if (!interesting) {
        return;
    }
    floor_small_lock_lock(&lock->state.lock);
    const uint64_t sequence = LOAD(lock->state.sequence);
    if (sequence & FLOOR_DEAD_BIT) {
        floor_small_lock_unlock(&lock->state.lock);
        return;
    }
    const int64_t active = LOAD(lock->state.active);
    if (active <= 0) {
        __builtin_trap();
    }
    STORE(lock->state.active, active - 1);
    if (active == 1) {
        // Sequentially consistent: releases the change of the pages, and stands before the look at the sleepers.
        atomic_exchange_explicit(&lock->state.sequence, (sequence + 1) & ~FLOOR_DEAD_BIT, memory_order_seq_cst);
    }
    floor_small_lock_unlock(&lock->state.lock);
    if (active == 1 && atomic_load_explicit(&lock->sleepers.waiters, memory_order_seq_cst) != 0) {
        wake_sleepers(lock);
    }
}

struct floor_inv_lock *floor_inv_lock_create(void) {
    struct floor_inv_lock *lock = floor_allocate_lines(sizeof *lock);
    pthread_mutex_init(&lock->sleepers.mutex, NULL);
    pthread_cond_init(&lock->sleepers.condition, NULL);
    return lock;
}

void floor_inv_lock_destroy(struct floor_inv_lock *lock) {
    pthread_cond_destroy(&lock->sleepers.condition);
    pthread_mutex_destroy(&lock->sleepers.mutex);
    free(lock);
}
