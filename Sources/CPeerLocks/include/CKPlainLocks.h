// Concurrency Kit's locks that keep nothing for a thread.
#ifndef CK_PLAIN_LOCKS_H
#define CK_PLAIN_LOCKS_H

#include "PeerLockLayout.h"
#include "PeerLockOrder.h"

#include <ck_pflock.h>
#include <ck_rwlock.h>
#include <ck_tflock.h>
#include <stdbool.h>

// MARK: ck_rwlock

struct peer_ck_rwlock {
    ck_rwlock_t lock;
} PEER_ON_LINES;

struct peer_ck_rwlock *_Nonnull peer_ck_rwlock_create(void);
void peer_ck_rwlock_destroy(struct peer_ck_rwlock *_Nonnull lock);
PEER_INLINED void peer_ck_rwlock_lock_shared(struct peer_ck_rwlock *_Nonnull lock) {
    ck_rwlock_read_lock(&lock->lock);
    peer_order_took_shared(lock);
}
PEER_INLINED void peer_ck_rwlock_unlock_shared(struct peer_ck_rwlock *_Nonnull lock) {
    peer_order_gives_shared(lock);
    // The library orders a reader's loads before its leaving. A fault stores, too; on x86-64 this is no instruction.
    ck_pr_fence_release();
    ck_rwlock_read_unlock(&lock->lock);
}
static inline void peer_ck_rwlock_lock_exclusive(struct peer_ck_rwlock *_Nonnull lock) {
    ck_rwlock_write_lock(&lock->lock);
    peer_order_took_exclusive(lock);
}
static inline bool peer_ck_rwlock_try_exclusive(struct peer_ck_rwlock *_Nonnull lock) {
    if (!ck_rwlock_write_trylock(&lock->lock)) {
        return false;
    }
    peer_order_took_exclusive(lock);
    return true;
}
static inline void peer_ck_rwlock_unlock_exclusive(struct peer_ck_rwlock *_Nonnull lock) {
    peer_order_gives_exclusive(lock);
    ck_rwlock_write_unlock(&lock->lock);
}

// MARK: ck_pflock, without a try

struct peer_ck_pflock {
    ck_pflock_t lock;
} PEER_ON_LINES;

struct peer_ck_pflock *_Nonnull peer_ck_pflock_create(void);
void peer_ck_pflock_destroy(struct peer_ck_pflock *_Nonnull lock);
PEER_INLINED void peer_ck_pflock_lock_shared(struct peer_ck_pflock *_Nonnull lock) {
    ck_pflock_read_lock(&lock->lock);
    peer_order_took_shared(lock);
}
PEER_INLINED void peer_ck_pflock_unlock_shared(struct peer_ck_pflock *_Nonnull lock) {
    peer_order_gives_shared(lock);
    ck_pflock_read_unlock(&lock->lock);
}
static inline void peer_ck_pflock_lock_exclusive(struct peer_ck_pflock *_Nonnull lock) {
    ck_pflock_write_lock(&lock->lock);
    peer_order_took_exclusive(lock);
}
static inline void peer_ck_pflock_unlock_exclusive(struct peer_ck_pflock *_Nonnull lock) {
    peer_order_gives_exclusive(lock);
    ck_pflock_write_unlock(&lock->lock);
}

// MARK: ck_tflock, without a try

struct peer_ck_tflock {
    ck_tflock_ticket_t lock;
} PEER_ON_LINES;

struct peer_ck_tflock *_Nonnull peer_ck_tflock_create(void);
void peer_ck_tflock_destroy(struct peer_ck_tflock *_Nonnull lock);
PEER_INLINED void peer_ck_tflock_lock_shared(struct peer_ck_tflock *_Nonnull lock) {
    ck_tflock_ticket_read_lock(&lock->lock);
    peer_order_took_shared(lock);
}
PEER_INLINED void peer_ck_tflock_unlock_shared(struct peer_ck_tflock *_Nonnull lock) {
    peer_order_gives_shared(lock);
    ck_tflock_ticket_read_unlock(&lock->lock);
}
static inline void peer_ck_tflock_lock_exclusive(struct peer_ck_tflock *_Nonnull lock) {
    ck_tflock_ticket_write_lock(&lock->lock);
    peer_order_took_exclusive(lock);
}
static inline void peer_ck_tflock_unlock_exclusive(struct peer_ck_tflock *_Nonnull lock) {
    peer_order_gives_exclusive(lock);
    ck_tflock_ticket_write_unlock(&lock->lock);
}

#endif
