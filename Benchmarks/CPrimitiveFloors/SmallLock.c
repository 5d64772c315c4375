#include "SmallLock.h"

#include "CPrimitiveFloors.h"
#include "CacheLine.h"
#include "Waiting.h"

uint64_t floor_small_lock_slow(struct floor_small_lock *lock) {
    // Relaxed, here and below: only this thread writes its own index; elsewhere a hint when to try.
    if (atomic_load_explicit(&lock->owner, memory_order_relaxed) == (uint32_t)(cplatform_thread_index() + 2)) {
        __builtin_trap();
    }
    const uint64_t start = floor_now();
    unsigned spins = 0;
    do {
        while (atomic_load_explicit(&lock->owner, memory_order_relaxed) != 0) {
            floor_pause(&spins);
        }
    } while (!floor_small_lock_try(lock));
    const uint64_t waited = floor_now() - start;
    return waited == 0 ? 1 : waited;
}

struct floor_small_lock *floor_small_lock_create(void) { return floor_allocate_lines(FLOOR_LINE); }

void floor_small_lock_destroy(struct floor_small_lock *lock) { free(lock); }
