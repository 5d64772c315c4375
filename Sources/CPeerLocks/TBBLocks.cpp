#include "TBBLocks.h"
#include "PeerLockOrder.h"

#include <oneapi/tbb/queuing_rw_mutex.h>
#include <oneapi/tbb/spin_rw_mutex.h>

struct alignas(PEER_LINE) peer_tbb_rw {
    tbb::spin_rw_mutex mutex;
};

struct alignas(PEER_LINE) peer_tbb_queuing_rw {
    tbb::queuing_rw_mutex mutex;
};

// Never constructed: the library says of its constructor that it does no more than to fill in zeroes. Nor destroyed:
// one that holds no lock has nothing to give back.
struct alignas(PEER_LINE) peer_tbb_queuing_places {
    tbb::queuing_rw_mutex::scoped_lock shared;
    tbb::queuing_rw_mutex::scoped_lock exclusive;
};
static_assert(sizeof(peer_tbb_queuing_places) == PEER_LINE, "the places of a thread do not fit a line");

extern "C" {

peer_tbb_rw *peer_tbb_rw_create(void) noexcept { return new peer_tbb_rw; }

void peer_tbb_rw_destroy(peer_tbb_rw *lock) noexcept { delete lock; }

void peer_tbb_rw_lock_shared(peer_tbb_rw *lock) noexcept { lock->mutex.lock_shared(); }

void peer_tbb_rw_unlock_shared(peer_tbb_rw *lock) noexcept { lock->mutex.unlock_shared(); }

void peer_tbb_rw_lock_exclusive(peer_tbb_rw *lock) noexcept { lock->mutex.lock(); }

bool peer_tbb_rw_try_exclusive(peer_tbb_rw *lock) noexcept { return lock->mutex.try_lock(); }

void peer_tbb_rw_unlock_exclusive(peer_tbb_rw *lock) noexcept { lock->mutex.unlock(); }

peer_tbb_queuing_rw *peer_tbb_queuing_rw_create(void) noexcept { return new peer_tbb_queuing_rw; }

void peer_tbb_queuing_rw_destroy(peer_tbb_queuing_rw *lock) noexcept { delete lock; }

void peer_tbb_queuing_rw_lock_shared(peer_tbb_queuing_rw *lock, peer_tbb_queuing_places *places) noexcept {
    places->shared.acquire(lock->mutex, false);
    peer_order_took_shared(lock);
}

void peer_tbb_queuing_rw_unlock_shared(peer_tbb_queuing_rw *lock, peer_tbb_queuing_places *places) noexcept {
    peer_order_gives_shared(lock);
    places->shared.release();
}

void peer_tbb_queuing_rw_lock_exclusive(peer_tbb_queuing_rw *lock, peer_tbb_queuing_places *places) noexcept {
    places->exclusive.acquire(lock->mutex);
    peer_order_took_exclusive(lock);
}

bool peer_tbb_queuing_rw_try_exclusive(peer_tbb_queuing_rw *lock, peer_tbb_queuing_places *places) noexcept {
    if (!places->exclusive.try_acquire(lock->mutex)) {
        return false;
    }
    peer_order_took_exclusive(lock);
    return true;
}

void peer_tbb_queuing_rw_unlock_exclusive(peer_tbb_queuing_rw *lock, peer_tbb_queuing_places *places) noexcept {
    peer_order_gives_exclusive(lock);
    places->exclusive.release();
}

} // extern "C"
