#include "SmallReadWriteLock.h"

uint64_t floor_small_rw_lock_shared_slow(struct floor_small_rw_lock *lock) {
    const uint64_t start = floor_now();
    unsigned spins = 0;
    do {
        // Relaxed: a hint when to try.
        while (atomic_load_explicit(&lock->word, memory_order_relaxed) & (FLOOR_WRITER | FLOOR_WAITING_WRITER)) {
            floor_pause(&spins);
        }
    } while (!floor_small_rw_lock_try_shared(lock));
    const uint64_t waited = floor_now() - start;
    return waited == 0 ? 1 : waited;
}
