// Concurrency Kit's locks, taken shared and given back: as a C program would use them, each thread with what it needs on
// its stack. The cohort lock has one node.
#include "CPrimitiveFloors.h"
#include "CacheLine.h"

#include <CPlatform.h>

// ThreadSanitizer would see what the locks keep in plain words, and not the inline assembly that orders it. There is
// nothing here but locks.
#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)

#include <ck_brlock.h>
#include <ck_bytelock.h>
#include <ck_pflock.h>
#include <ck_rwcohort.h>
#include <ck_rwlock.h>
#include <ck_spinlock.h>
#include <ck_tflock.h>

static ck_rwlock_t rwlock FLOOR_ON_LINES = CK_RWLOCK_INITIALIZER;
static ck_pflock_t pflock FLOOR_ON_LINES = CK_PFLOCK_INITIALIZER;
static ck_tflock_ticket_t tflock FLOOR_ON_LINES = CK_TFLOCK_TICKET_INITIALIZER;
static ck_brlock_t brlock FLOOR_ON_LINES = CK_BRLOCK_INITIALIZER;
static ck_bytelock_t bytelock FLOOR_ON_LINES = CK_BYTELOCK_INITIALIZER;

uint64_t floor_ck_rwlock_loop(uint64_t count) {
    for (uint64_t round = 0; round < count; round++) {
        ck_rwlock_read_lock(&rwlock);
        ck_rwlock_read_unlock(&rwlock);
    }
    return count;
}

uint64_t floor_ck_pflock_loop(uint64_t count) {
    for (uint64_t round = 0; round < count; round++) {
        ck_pflock_read_lock(&pflock);
        ck_pflock_read_unlock(&pflock);
    }
    return count;
}

uint64_t floor_ck_tflock_loop(uint64_t count) {
    for (uint64_t round = 0; round < count; round++) {
        ck_tflock_ticket_read_lock(&tflock);
        ck_tflock_ticket_read_unlock(&tflock);
    }
    return count;
}

uint64_t floor_ck_brlock_loop(uint64_t count) {
    ck_brlock_reader_t reader FLOOR_ON_LINES = CK_BRLOCK_READER_INITIALIZER;
    ck_brlock_read_register(&brlock, &reader);
    for (uint64_t round = 0; round < count; round++) {
        ck_brlock_read_lock(&brlock, &reader);
        ck_brlock_read_unlock(&reader);
    }
    ck_brlock_read_unregister(&brlock, &reader);
    return count;
}

uint64_t floor_ck_bytelock_loop(uint64_t count) {
    const unsigned slot = (unsigned)cplatform_thread_index() + 1;
    for (uint64_t round = 0; round < count; round++) {
        ck_bytelock_read_lock(&bytelock, slot);
        ck_bytelock_read_unlock(&bytelock, slot);
    }
    return count;
}

// The macros below call a lock with a context, which ticket locks do not need.
static inline void ticket_lock(void *lock, void *context) {
    (void)context;
    ck_spinlock_ticket_lock(lock);
}

static inline void ticket_unlock(void *lock, void *context) {
    (void)context;
    ck_spinlock_ticket_unlock(lock);
}

static inline bool ticket_locked(void *lock, void *context) {
    (void)context;
    return ck_spinlock_ticket_locked(lock);
}

CK_COHORT_PROTOTYPE(ticket, ticket_lock, ticket_unlock, ticket_locked, ticket_lock, ticket_unlock, ticket_locked)
CK_RWCOHORT_NEUTRAL_PROTOTYPE(ticket)

static CK_RWCOHORT_NEUTRAL_INSTANCE(ticket) rwcohort FLOOR_ON_LINES = CK_RWCOHORT_NEUTRAL_INITIALIZER;
static ck_spinlock_ticket_t global FLOOR_ON_LINES = CK_SPINLOCK_TICKET_INITIALIZER;
static ck_spinlock_ticket_t local FLOOR_ON_LINES = CK_SPINLOCK_TICKET_INITIALIZER;
static CK_COHORT_INSTANCE(ticket) cohort FLOOR_ON_LINES = {
    .global_lock = &global, .local_lock = &local, .local_pass_limit = CK_COHORT_DEFAULT_LOCAL_PASS_LIMIT};

uint64_t floor_ck_rwcohort_loop(uint64_t count) {
    for (uint64_t round = 0; round < count; round++) {
        CK_RWCOHORT_NEUTRAL_READ_LOCK(ticket, &rwcohort, &cohort, NULL, NULL);
        CK_RWCOHORT_NEUTRAL_READ_UNLOCK(ticket, &rwcohort, &cohort, NULL, NULL);
    }
    return count;
}

#pragma clang attribute pop
