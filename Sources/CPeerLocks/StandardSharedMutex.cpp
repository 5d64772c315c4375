#include "StandardSharedMutex.h"
#include "PeerLockLayout.h"

#include <shared_mutex>

struct alignas(PEER_LINE) peer_shared_mutex {
    std::shared_mutex mutex;
};

extern "C" {

peer_shared_mutex *peer_shared_mutex_create(void) noexcept { return new peer_shared_mutex; }

void peer_shared_mutex_destroy(peer_shared_mutex *lock) noexcept { delete lock; }

void peer_shared_mutex_lock_shared(peer_shared_mutex *lock) noexcept { lock->mutex.lock_shared(); }

void peer_shared_mutex_unlock_shared(peer_shared_mutex *lock) noexcept { lock->mutex.unlock_shared(); }

void peer_shared_mutex_lock_exclusive(peer_shared_mutex *lock) noexcept { lock->mutex.lock(); }

bool peer_shared_mutex_try_exclusive(peer_shared_mutex *lock) noexcept { return lock->mutex.try_lock(); }

void peer_shared_mutex_unlock_exclusive(peer_shared_mutex *lock) noexcept { lock->mutex.unlock(); }

} // extern "C"
