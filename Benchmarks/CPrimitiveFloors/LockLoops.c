// The loops over the small lock, the counter of open sections and the invlock: in a file of their own, so that they
// inline what is in a header, and call what is not.
#include "CPrimitiveFloors.h"
#include "InvLock.h"
#include "RangeCounter.h"

#include <CPlatform.h>

uint64_t floor_small_lock_loop(struct floor_small_lock *lock, uint64_t count) {
    for (uint64_t round = 0; round < count; round++) {
        floor_small_lock_lock(lock);
        floor_small_lock_unlock(lock);
    }
    return count;
}

uint64_t floor_range_counter_begin_retry_loop(struct floor_range_counter *counter, uint64_t count) {
    uint64_t undisturbed = 0;
    for (uint64_t round = 0; round < count; round++) {
        const uint64_t ticket = floor_range_counter_begin(counter);
        if (ticket & FLOOR_COUNTS_MASK) {
            continue;
        }
        cplatform_compiler_barrier();
        if (!floor_range_counter_retry(counter, ticket)) {
            undisturbed++;
        }
    }
    return undisturbed;
}

uint64_t floor_range_counter_raise_lower_loop(struct floor_range_counter *counter, uint64_t count) {
    for (uint64_t round = 0; round < count; round++) {
        floor_range_counter_lower(counter, floor_range_counter_raise(counter));
    }
    return count;
}

uint64_t floor_inv_lock_begin_retry_loop(struct floor_inv_lock *lock, uint64_t count) {
    uint64_t undisturbed = 0;
    for (uint64_t round = 0; round < count; round++) {
        struct floor_ticket ticket;
        if (!floor_inv_lock_begin_if_idle(lock, &ticket)) {
            continue;
        }
        floor_small_lock_lock(&lock->state.lock);
        if (!floor_inv_lock_retry(lock, &ticket)) {
            undisturbed++;
        }
        floor_small_lock_unlock(&lock->state.lock);
    }
    return undisturbed;
}

static void tear_nothing_down(void *context, int64_t start_page, int64_t end_page) {
    (void)context;
    (void)start_page;
    (void)end_page;
}

uint64_t floor_inv_lock_section_loop(struct floor_inv_lock *lock, uint64_t count) {
    for (uint64_t round = 0; round < count; round++) {
        floor_inv_lock_started(lock, 0, 16, true, tear_nothing_down, NULL);
        floor_inv_lock_ended(lock, 0, 16, true);
    }
    return count;
}
