// Concurrency Kit's locks whose readers write to a place of their own.
#ifndef CK_SLOT_LOCKS_H
#define CK_SLOT_LOCKS_H

#include "PeerLockLayout.h"
#include "PeerLockOrder.h"

#include <ck_brlock.h>
#include <ck_bytelock.h>
#include <stdbool.h>

// MARK: ck_brlock

struct peer_ck_brlock {
    ck_brlock_t lock;
} PEER_ON_LINES;

// A thread's place in one lock, a line; of zeroes while the lock does not know it. Used by one thread at a time.
struct peer_ck_brlock_reader {
    ck_brlock_reader_t reader;
    bool is_registered;
} PEER_ON_LINES;

struct peer_ck_brlock *_Nonnull peer_ck_brlock_create(void);
void peer_ck_brlock_destroy(struct peer_ck_brlock *_Nonnull lock);
PEER_INLINED bool peer_ck_brlock_is_registered(const struct peer_ck_brlock_reader *_Nonnull reader) {
    return reader->is_registered;
}
// Waits until it has the lock alone: a writer walks the list that this adds to.
static inline void peer_ck_brlock_register(
    struct peer_ck_brlock *_Nonnull lock, struct peer_ck_brlock_reader *_Nonnull reader) {
    ck_brlock_read_register(&lock->lock, &reader->reader);
    reader->is_registered = true;
}
PEER_INLINED void peer_ck_brlock_lock_shared(
    struct peer_ck_brlock *_Nonnull lock, struct peer_ck_brlock_reader *_Nonnull reader) {
    ck_brlock_read_lock(&lock->lock, &reader->reader);
    peer_order_took_shared(lock);
}
PEER_INLINED void peer_ck_brlock_unlock_shared(
    struct peer_ck_brlock *_Nonnull lock, struct peer_ck_brlock_reader *_Nonnull reader) {
    peer_order_gives_shared(lock);
    ck_brlock_read_unlock(&reader->reader);
}
static inline void peer_ck_brlock_lock_exclusive(struct peer_ck_brlock *_Nonnull lock) {
    ck_brlock_write_lock(&lock->lock);
    peer_order_took_exclusive(lock);
}
static inline bool peer_ck_brlock_try_exclusive(struct peer_ck_brlock *_Nonnull lock) {
    // The library counts the looks it takes at a lock that is not free: here, one.
    if (!ck_brlock_write_trylock(&lock->lock, 1)) {
        return false;
    }
    peer_order_took_exclusive(lock);
    return true;
}
static inline void peer_ck_brlock_unlock_exclusive(struct peer_ck_brlock *_Nonnull lock) {
    peer_order_gives_exclusive(lock);
    ck_brlock_write_unlock(&lock->lock);
}

// MARK: ck_bytelock, without a try

struct peer_ck_bytelock {
    ck_bytelock_t lock;
} PEER_ON_LINES;

// Slots are counted from 1. Those above the last one have no byte: their readers count themselves in one word.
static inline unsigned peer_ck_bytelock_slots(void) { return sizeof ((ck_bytelock_t *)0)->readers; }
struct peer_ck_bytelock *_Nonnull peer_ck_bytelock_create(void);
void peer_ck_bytelock_destroy(struct peer_ck_bytelock *_Nonnull lock);
PEER_INLINED void peer_ck_bytelock_lock_shared(struct peer_ck_bytelock *_Nonnull lock, unsigned slot) {
    ck_bytelock_read_lock(&lock->lock, slot);
    peer_order_took_shared(lock);
}
PEER_INLINED void peer_ck_bytelock_unlock_shared(struct peer_ck_bytelock *_Nonnull lock, unsigned slot) {
    peer_order_gives_shared(lock);
    ck_bytelock_read_unlock(&lock->lock, slot);
}
static inline void peer_ck_bytelock_lock_exclusive(struct peer_ck_bytelock *_Nonnull lock) {
    // Not by the thread's slot: a writer that has one is taken for a reader that wants more, and its reading forgotten.
    ck_bytelock_write_lock(&lock->lock, CK_BYTELOCK_UNSLOTTED);
    peer_order_took_exclusive(lock);
}
static inline void peer_ck_bytelock_unlock_exclusive(struct peer_ck_bytelock *_Nonnull lock) {
    peer_order_gives_exclusive(lock);
    ck_bytelock_write_unlock(&lock->lock);
}

#endif
