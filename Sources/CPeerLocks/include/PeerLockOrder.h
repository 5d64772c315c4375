// What ThreadSanitizer is told of locks that it cannot see into: inline assembly, and a library not built with it.
//
//     given back     is seen by whoever takes it next
//     shared         exclusively
//     exclusively    either way
//
// Two sharers are not ordered by the lock, and the sanitizer does not take them to be: what sharers publish stands at
// another address than what those publish who had the lock alone. Both lie in the lock, which fills a line.
//
// CURCU_TSAN is the define under which liburcu's shim speaks to the sanitizer; a compiler's importer for Swift does not
// set the feature that C files see.
#ifndef PEER_LOCK_ORDER_H
#define PEER_LOCK_ORDER_H

#include "CFace.h"
#include "PeerLockLayout.h"

#if defined(CURCU_TSAN) || __has_feature(thread_sanitizer)
PEER_C_BEGIN
extern void __tsan_acquire(void *_Nonnull address);
extern void __tsan_release(void *_Nonnull address);
PEER_C_END
#define PEER_PUBLISHED_ALONE(lock) ((void *)(lock))
#define PEER_PUBLISHED_SHARING(lock) ((void *)((char *)(lock) + PEER_LINE / 2))

// After the lock was taken.
static inline void peer_order_took_shared(void *_Nonnull lock) { __tsan_acquire(PEER_PUBLISHED_ALONE(lock)); }
static inline void peer_order_took_exclusive(void *_Nonnull lock) {
    __tsan_acquire(PEER_PUBLISHED_ALONE(lock));
    __tsan_acquire(PEER_PUBLISHED_SHARING(lock));
}
// Before the lock is given back.
static inline void peer_order_gives_shared(void *_Nonnull lock) { __tsan_release(PEER_PUBLISHED_SHARING(lock)); }
static inline void peer_order_gives_exclusive(void *_Nonnull lock) { __tsan_release(PEER_PUBLISHED_ALONE(lock)); }
#else
static inline void peer_order_took_shared(void *_Nonnull lock) { (void)lock; }
static inline void peer_order_took_exclusive(void *_Nonnull lock) { (void)lock; }
static inline void peer_order_gives_shared(void *_Nonnull lock) { (void)lock; }
static inline void peer_order_gives_exclusive(void *_Nonnull lock) { (void)lock; }
#endif

#endif
