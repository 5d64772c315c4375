// oneTBB's spinning read-write lock, and the one whose threads queue.
#ifndef TBB_LOCKS_H
#define TBB_LOCKS_H

#include "CFace.h"
#include "PeerLockLayout.h"

#include <stdbool.h>

PEER_C_BEGIN

// MARK: tbb::spin_rw_mutex, whose atomics ThreadSanitizer sees

struct peer_tbb_rw;
struct peer_tbb_rw *_Nonnull peer_tbb_rw_create(void) PEER_NOEXCEPT;
void peer_tbb_rw_destroy(struct peer_tbb_rw *_Nonnull lock) PEER_NOEXCEPT;
void peer_tbb_rw_lock_shared(struct peer_tbb_rw *_Nonnull lock) PEER_NOEXCEPT;
void peer_tbb_rw_unlock_shared(struct peer_tbb_rw *_Nonnull lock) PEER_NOEXCEPT;
void peer_tbb_rw_lock_exclusive(struct peer_tbb_rw *_Nonnull lock) PEER_NOEXCEPT;
bool peer_tbb_rw_try_exclusive(struct peer_tbb_rw *_Nonnull lock) PEER_NOEXCEPT;
void peer_tbb_rw_unlock_exclusive(struct peer_tbb_rw *_Nonnull lock) PEER_NOEXCEPT;

// MARK: tbb::queuing_rw_mutex

// A thread's two places in the queue of one lock, a line; of zeroes while they are not used. One is for sharing and one
// for having it alone, so that who wrongly asks for both waits for itself and spoils no queue.
struct peer_tbb_queuing_places;
struct peer_tbb_queuing_rw;
struct peer_tbb_queuing_rw *_Nonnull peer_tbb_queuing_rw_create(void) PEER_NOEXCEPT;
void peer_tbb_queuing_rw_destroy(struct peer_tbb_queuing_rw *_Nonnull lock) PEER_NOEXCEPT;
void peer_tbb_queuing_rw_lock_shared(
    struct peer_tbb_queuing_rw *_Nonnull lock, struct peer_tbb_queuing_places *_Nonnull places) PEER_NOEXCEPT;
void peer_tbb_queuing_rw_unlock_shared(
    struct peer_tbb_queuing_rw *_Nonnull lock, struct peer_tbb_queuing_places *_Nonnull places) PEER_NOEXCEPT;
void peer_tbb_queuing_rw_lock_exclusive(
    struct peer_tbb_queuing_rw *_Nonnull lock, struct peer_tbb_queuing_places *_Nonnull places) PEER_NOEXCEPT;
bool peer_tbb_queuing_rw_try_exclusive(
    struct peer_tbb_queuing_rw *_Nonnull lock, struct peer_tbb_queuing_places *_Nonnull places) PEER_NOEXCEPT;
void peer_tbb_queuing_rw_unlock_exclusive(
    struct peer_tbb_queuing_rw *_Nonnull lock, struct peer_tbb_queuing_places *_Nonnull places) PEER_NOEXCEPT;

PEER_C_END

#endif
