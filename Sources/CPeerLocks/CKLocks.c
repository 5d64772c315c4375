// What of Concurrency Kit's locks is not on the way of a fault: making them, and ending them.
#define _GNU_SOURCE
#include "CPeerLocks.h"

#include <sched.h>
#include <stdlib.h>

// Memory on lines of its own; `size` is a multiple of a line.
static void *allocate_lines(size_t size) {
    void *memory = aligned_alloc(PEER_LINE, size);
    if (memory == NULL) {
        abort();
    }
    return memory;
}

struct peer_ck_rwlock *peer_ck_rwlock_create(void) {
    struct peer_ck_rwlock *lock = allocate_lines(sizeof *lock);
    ck_rwlock_init(&lock->lock);
    return lock;
}

void peer_ck_rwlock_destroy(struct peer_ck_rwlock *lock) { free(lock); }

struct peer_ck_pflock *peer_ck_pflock_create(void) {
    struct peer_ck_pflock *lock = allocate_lines(sizeof *lock);
    ck_pflock_init(&lock->lock);
    return lock;
}

void peer_ck_pflock_destroy(struct peer_ck_pflock *lock) { free(lock); }

struct peer_ck_tflock *peer_ck_tflock_create(void) {
    struct peer_ck_tflock *lock = allocate_lines(sizeof *lock);
    ck_tflock_ticket_init(&lock->lock);
    return lock;
}

void peer_ck_tflock_destroy(struct peer_ck_tflock *lock) { free(lock); }

struct peer_ck_brlock *peer_ck_brlock_create(void) {
    struct peer_ck_brlock *lock = allocate_lines(sizeof *lock);
    ck_brlock_init(&lock->lock);
    return lock;
}

void peer_ck_brlock_destroy(struct peer_ck_brlock *lock) { free(lock); }

struct peer_ck_bytelock *peer_ck_bytelock_create(void) {
    struct peer_ck_bytelock *lock = allocate_lines(sizeof *lock);
    ck_bytelock_init(&lock->lock);
    return lock;
}

void peer_ck_bytelock_destroy(struct peer_ck_bytelock *lock) { free(lock); }

_Static_assert(sizeof(struct peer_ck_brlock_reader) == PEER_LINE, "a reader does not fit a line");

struct peer_ck_rwcohort *peer_ck_rwcohort_create(unsigned nodes) {
    struct peer_ck_rwcohort *lock = allocate_lines(sizeof *lock + nodes * sizeof lock->cohorts[0]);
    CK_RWCOHORT_NEUTRAL_INIT(ticket_ticket, &lock->readers);
    ck_spinlock_ticket_init(&lock->global);
    for (unsigned node = 0; node < nodes; node++) {
        struct peer_ck_cohort *cohort = &lock->cohorts[node];
        ck_spinlock_ticket_init(&cohort->local);
        CK_COHORT_INIT(
            ticket_ticket, &cohort->cohort, &lock->global, &cohort->local, CK_COHORT_DEFAULT_LOCAL_PASS_LIMIT);
    }
    return lock;
}

void peer_ck_rwcohort_destroy(struct peer_ck_rwcohort *lock) { free(lock); }

__thread int peer_this_thread_node = -1;

int peer_current_node(void) {
    unsigned core, node;
    return getcpu(&core, &node) == 0 ? (int)node : 0;
}
