// Concurrency Kit's reader-writer cohort lock, its neutral kind: readers, too, go through the cohort lock, and leave it
// at once. The cohort lock is made of ticket locks, one a NUMA node and one over all.
#ifndef CK_COHORT_LOCK_H
#define CK_COHORT_LOCK_H

#include "PeerLockLayout.h"
#include "PeerLockOrder.h"

#include <ck_rwcohort.h>
#include <ck_spinlock.h>
#include <stdbool.h>

// The macros below call a lock with a context, which ticket locks do not need.
static inline void peer_ck_ticket_lock(void *_Nonnull lock, void *_Nullable context) {
    (void)context;
    ck_spinlock_ticket_lock((ck_spinlock_ticket_t *)lock);
}
static inline void peer_ck_ticket_unlock(void *_Nonnull lock, void *_Nullable context) {
    (void)context;
    ck_spinlock_ticket_unlock((ck_spinlock_ticket_t *)lock);
}
static inline bool peer_ck_ticket_locked(void *_Nonnull lock, void *_Nullable context) {
    (void)context;
    return ck_spinlock_ticket_locked((ck_spinlock_ticket_t *)lock);
}

// The library's functions, which do not say what may be null.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-completeness"
CK_COHORT_PROTOTYPE(
    ticket_ticket, peer_ck_ticket_lock, peer_ck_ticket_unlock, peer_ck_ticket_locked, peer_ck_ticket_lock,
    peer_ck_ticket_unlock, peer_ck_ticket_locked)
CK_RWCOHORT_NEUTRAL_PROTOTYPE(ticket_ticket)
#pragma clang diagnostic pop

// What the threads of one node share.
struct peer_ck_cohort {
    CK_COHORT_INSTANCE(ticket_ticket) cohort PEER_ON_LINES;
    ck_spinlock_ticket_t local PEER_ON_LINES;
} PEER_ON_LINES;

struct peer_ck_rwcohort {
    CK_RWCOHORT_NEUTRAL_INSTANCE(ticket_ticket) readers PEER_ON_LINES;
    ck_spinlock_ticket_t global PEER_ON_LINES;
    struct peer_ck_cohort cohorts[]; // one a node
} PEER_ON_LINES;

// A lock with so many nodes, 1 or more, and a node's cohort.
struct peer_ck_rwcohort *_Nonnull peer_ck_rwcohort_create(unsigned nodes);
void peer_ck_rwcohort_destroy(struct peer_ck_rwcohort *_Nonnull lock);
static inline struct peer_ck_cohort *_Nonnull peer_ck_rwcohort_cohort(
    struct peer_ck_rwcohort *_Nonnull lock, unsigned node) {
    return &lock->cohorts[node];
}

// The cohort is that of the calling thread's node, and the same when it gives back.
PEER_INLINED void peer_ck_rwcohort_lock_shared(
    struct peer_ck_rwcohort *_Nonnull lock, struct peer_ck_cohort *_Nonnull cohort) {
    CK_RWCOHORT_NEUTRAL_READ_LOCK(ticket_ticket, &lock->readers, &cohort->cohort, NULL, NULL);
    peer_order_took_shared(lock);
}
PEER_INLINED void peer_ck_rwcohort_unlock_shared(struct peer_ck_rwcohort *_Nonnull lock) {
    peer_order_gives_shared(lock);
    // As for ck_rwlock: a fault stores, too.
    ck_pr_fence_release();
    CK_RWCOHORT_NEUTRAL_READ_UNLOCK(ticket_ticket, &lock->readers, NULL, NULL, NULL);
}
static inline void peer_ck_rwcohort_lock_exclusive(
    struct peer_ck_rwcohort *_Nonnull lock, struct peer_ck_cohort *_Nonnull cohort) {
    CK_RWCOHORT_NEUTRAL_WRITE_LOCK(ticket_ticket, &lock->readers, &cohort->cohort, NULL, NULL);
    // The library ends with the wait for the last reader, and orders nothing after that.
    ck_pr_fence_lock();
    peer_order_took_exclusive(lock);
}
static inline void peer_ck_rwcohort_unlock_exclusive(
    struct peer_ck_rwcohort *_Nonnull lock, struct peer_ck_cohort *_Nonnull cohort) {
    peer_order_gives_exclusive(lock);
    CK_RWCOHORT_NEUTRAL_WRITE_UNLOCK(ticket_ticket, &lock->readers, &cohort->cohort, NULL, NULL);
}

// The node that the calling thread counts itself to; -1 until somebody has looked.
extern __thread int peer_this_thread_node;
static inline int *_Nonnull peer_thread_node(void) { return &peer_this_thread_node; }
// The node of the core that the calling thread is on; 0 where the kernel does not say.
int peer_current_node(void);

#endif
