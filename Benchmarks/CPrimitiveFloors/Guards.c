// A fault on a page table and a shadow table of words: without protection, under a lock that it shares over walk and
// install, and under the schemes that walk again.
#include "CPrimitiveFloors.h"
#include "IntervalSet.h"
#include "InvLock.h"
#include "KVM.h"

#include <ck_pflock.h>

// A guard whose sections hold a lock from start to end.
struct section_lock_guard {
    ck_pflock_t *lock;
    _Atomic bool is_dead; // written with the lock held by a writer
};

struct floor_pages {
    size_t count;
    _Atomic uint64_t *table;
    _Atomic uint64_t *shadow;
    struct floor_inv_lock *lock;
    struct floor_kvm *kvm;
    struct floor_interval_set *set;
    struct section_lock_guard *section_lock;
    struct floor_interval_node *node; // as a guard that no cache uses has it: in no set
};

enum fault_status { fault_installed, fault_absent, fault_dead, fault_busy };

struct fault_outcome {
    uint8_t status;
    bool used_fallback;
    uint32_t retries;
    uint64_t waited_nanoseconds;
};

static inline uint64_t walk(const struct floor_pages *pages, size_t page) {
    // Relaxed, here and in install: what a fault must see is ordered by its guard.
    return atomic_load_explicit(&pages->table[page], memory_order_relaxed);
}

static inline void install(const struct floor_pages *pages, size_t page, uint64_t translation) {
    atomic_store_explicit(&pages->shadow[page], translation, memory_order_relaxed);
}

static inline struct fault_outcome fault_unprotected(const struct floor_pages *pages, size_t page) {
    const uint64_t translation = walk(pages, page);
    if (translation == 0) {
        return (struct fault_outcome){.status = fault_absent};
    }
    install(pages, page, translation);
    return (struct fault_outcome){.status = fault_installed};
}

static inline struct fault_outcome fault_ck_pflock(const struct floor_pages *pages, size_t page) {
    struct section_lock_guard *guard = pages->section_lock;
    ck_pflock_read_lock(guard->lock);
    // Relaxed: written with the lock held against faults.
    if (atomic_load_explicit(&guard->is_dead, memory_order_relaxed)) {
        ck_pflock_read_unlock(guard->lock);
        return (struct fault_outcome){.status = fault_dead};
    }
    const uint64_t translation = walk(pages, page);
    if (translation == 0) {
        ck_pflock_read_unlock(guard->lock);
        return (struct fault_outcome){.status = fault_absent};
    }
    install(pages, page, translation);
    ck_pflock_read_unlock(guard->lock);
    return (struct fault_outcome){.status = fault_installed};
}

// Only the fast paths: nothing invalidates here, and the slow ones are not measured.

static inline struct fault_outcome fault_inv_lock(const struct floor_pages *pages, size_t page) {
    struct floor_ticket ticket;
    if (!floor_inv_lock_begin_if_idle(pages->lock, &ticket)) {
        return (struct fault_outcome){.status = fault_busy};
    }
    const uint64_t translation = walk(pages, page);
    if (translation == 0) {
        return (struct fault_outcome){.status = fault_absent};
    }
    const uint64_t waited = floor_small_lock_lock(&pages->lock->state.lock);
    if (floor_inv_lock_retry(pages->lock, &ticket)) {
        floor_small_lock_unlock(&pages->lock->state.lock);
        return (struct fault_outcome){.status = fault_busy, .retries = 1};
    }
    install(pages, page, translation);
    floor_small_lock_unlock(&pages->lock->state.lock);
    return (struct fault_outcome){.status = fault_installed, .waited_nanoseconds = waited};
}

static inline struct fault_outcome fault_kvm(const struct floor_pages *pages, size_t page) {
    uint64_t ticket;
    if (!floor_kvm_begin_if_idle(pages->kvm, (int64_t)page, &ticket)) {
        return (struct fault_outcome){.status = fault_busy};
    }
    const uint64_t translation = walk(pages, page);
    if (translation == 0) {
        return (struct fault_outcome){.status = fault_absent};
    }
    if (floor_kvm_retry(pages->kvm, (int64_t)page, ticket)) {
        return (struct fault_outcome){.status = fault_busy, .retries = 1};
    }
    const uint64_t waited = floor_small_rw_lock_shared(&pages->kvm->locks.lock);
    if (floor_kvm_retry(pages->kvm, (int64_t)page, ticket)) {
        floor_small_rw_lock_unlock_shared(&pages->kvm->locks.lock);
        return (struct fault_outcome){.status = fault_busy, .retries = 1};
    }
    install(pages, page, translation);
    floor_small_rw_lock_unlock_shared(&pages->kvm->locks.lock);
    return (struct fault_outcome){.status = fault_installed, .waited_nanoseconds = waited};
}

// What both kinds of beginning have in common.
static inline struct fault_outcome fault_interval(
    const struct floor_pages *pages, size_t page, bool has_begun, uint64_t ticket) {
    if (!has_begun) {
        return (struct fault_outcome){.status = fault_busy};
    }
    const uint64_t translation = walk(pages, page);
    if (translation == 0) {
        return (struct fault_outcome){.status = fault_absent};
    }
    const uint64_t waited = floor_small_lock_lock(&pages->node->lock);
    if (floor_interval_retry(pages->node, ticket)) {
        floor_small_lock_unlock(&pages->node->lock);
        return (struct fault_outcome){.status = fault_busy, .retries = 1};
    }
    install(pages, page, translation);
    floor_small_lock_unlock(&pages->node->lock);
    return (struct fault_outcome){.status = fault_installed, .waited_nanoseconds = waited};
}

uint64_t floor_fault_unprotected_loop(struct floor_pages *pages, uint64_t count) {
    const struct floor_pages here = *pages; // a copy nobody else sees: no store can change it
    uint64_t installed = 0;
    for (uint64_t round = 0; round < count; round++) {
        installed += fault_unprotected(&here, round & (here.count - 1)).status == fault_installed;
    }
    return installed;
}

uint64_t floor_fault_ck_pflock_loop(struct floor_pages *pages, uint64_t count) {
    const struct floor_pages here = *pages; // a copy nobody else sees: no store can change it
    uint64_t installed = 0;
    for (uint64_t round = 0; round < count; round++) {
        installed += fault_ck_pflock(&here, round & (here.count - 1)).status == fault_installed;
    }
    return installed;
}

uint64_t floor_fault_inv_lock_loop(struct floor_pages *pages, uint64_t count) {
    const struct floor_pages here = *pages; // a copy nobody else sees: no store can change it
    uint64_t installed = 0;
    for (uint64_t round = 0; round < count; round++) {
        installed += fault_inv_lock(&here, round & (here.count - 1)).status == fault_installed;
    }
    return installed;
}

uint64_t floor_fault_kvm_loop(struct floor_pages *pages, uint64_t count) {
    const struct floor_pages here = *pages; // a copy nobody else sees: no store can change it
    uint64_t installed = 0;
    for (uint64_t round = 0; round < count; round++) {
        installed += fault_kvm(&here, round & (here.count - 1)).status == fault_installed;
    }
    return installed;
}

uint64_t floor_fault_interval_loop(struct floor_pages *pages, uint64_t count) {
    const struct floor_pages here = *pages; // a copy nobody else sees: no store can change it
    uint64_t installed = 0;
    for (uint64_t round = 0; round < count; round++) {
        uint64_t ticket;
        const bool has_begun = floor_interval_begin_if_idle(here.set, here.node, &ticket);
        installed +=
            fault_interval(&here, round & (here.count - 1), has_begun, ticket).status == fault_installed;
    }
    return installed;
}

uint64_t floor_fault_interval_lock_free_loop(struct floor_pages *pages, uint64_t count) {
    const struct floor_pages here = *pages; // a copy nobody else sees: no store can change it
    uint64_t installed = 0;
    for (uint64_t round = 0; round < count; round++) {
        uint64_t ticket;
        const bool has_begun = floor_interval_begin_if_idle_lock_free(here.set, here.node, &ticket);
        installed +=
            fault_interval(&here, round & (here.count - 1), has_begun, ticket).status == fault_installed;
    }
    return installed;
}

static _Atomic uint64_t *words(size_t count) {
    return floor_allocate_lines((count * sizeof(uint64_t) + FLOOR_LINE - 1) / FLOOR_LINE * FLOOR_LINE);
}

struct floor_pages *floor_pages_create(size_t count) {
    struct floor_pages *pages = malloc(sizeof *pages);
    if (pages == NULL) {
        abort();
    }
    struct section_lock_guard *section_lock = floor_allocate_lines(FLOOR_LINE);
    section_lock->lock = floor_allocate_lines(FLOOR_LINE);
    ck_pflock_init(section_lock->lock);
    struct floor_interval_node *node = floor_allocate_lines(sizeof *node);
    atomic_store_explicit(&node->sequence, 1, memory_order_relaxed);
    *pages = (struct floor_pages){
        count, words(count), words(count), floor_inv_lock_create(), floor_kvm_create(), floor_interval_set_create(),
        section_lock, node};
    for (size_t page = 0; page < count; page++) {
        atomic_store_explicit(&pages->table[page], page + 1, memory_order_relaxed);
    }
    return pages;
}

void floor_pages_destroy(struct floor_pages *pages) {
    free(pages->table);
    free(pages->shadow);
    floor_inv_lock_destroy(pages->lock);
    floor_kvm_destroy(pages->kvm);
    floor_interval_set_destroy(pages->set);
    free(pages->section_lock->lock);
    free(pages->section_lock);
    free(pages->node);
    free(pages);
}

uint64_t floor_pages_translation(const struct floor_pages *pages, size_t page) {
    return atomic_load_explicit(&pages->shadow[page], memory_order_relaxed);
}

struct floor_kvm *floor_pages_kvm(const struct floor_pages *pages) { return pages->kvm; }
