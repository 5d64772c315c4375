// A fault on a page table and a shadow table of words: without protection, under a lock that it shares over walk and
// install, and under the schemes that walk again.
#include "Pages.h"

// An install that sections wait for: the thread's record says so meanwhile.
static inline void install_under_lock(const struct floor_pages *pages, size_t page, uint64_t translation) {
    floor_enter_install();
    floor_install(pages, page, translation);
    cplatform_thread()->installs = 0;
}

static inline struct fault_outcome fault_unprotected(const struct floor_pages *pages, size_t page) {
    const uint64_t translation = floor_walk(pages, page);
    if (translation == 0) {
        return (struct fault_outcome){.status = fault_absent};
    }
    floor_install(pages, page, translation);
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
    const uint32_t outer = cplatform_thread()->locked_walks;
    cplatform_thread()->locked_walks = 1;
    const uint64_t translation = floor_walk(pages, page);
    if (translation != 0) {
        floor_install(pages, page, translation);
    }
    cplatform_thread()->locked_walks = outer;
    ck_pflock_read_unlock(guard->lock);
    if (translation == 0) {
        return (struct fault_outcome){.status = fault_absent};
    }
    return (struct fault_outcome){.status = fault_installed};
}

// Only the fast paths: nothing invalidates here, and the slow ones are not measured.

static inline struct fault_outcome fault_inv_lock(const struct floor_pages *pages, size_t page) {
    struct floor_ticket ticket;
    if (!floor_inv_lock_begin_if_idle(pages->lock, &ticket)) {
        return (struct fault_outcome){.status = fault_busy};
    }
    const uint64_t translation = floor_walk(pages, page);
    if (translation == 0) {
        return (struct fault_outcome){.status = fault_absent};
    }
    const uint64_t waited = floor_small_lock_lock(&pages->lock->state.lock);
    if (floor_inv_lock_retry(pages->lock, &ticket)) {
        floor_small_lock_unlock(&pages->lock->state.lock);
        return (struct fault_outcome){.status = fault_busy, .retries = 1};
    }
    install_under_lock(pages, page, translation);
    floor_small_lock_unlock(&pages->lock->state.lock);
    return (struct fault_outcome){.status = fault_installed, .waited_nanoseconds = waited};
}

static inline struct fault_outcome fault_kvm(const struct floor_pages *pages, size_t page) {
    uint64_t ticket;
    if (!floor_kvm_begin_if_idle(pages->kvm, (int64_t)page, &ticket)) {
        return (struct fault_outcome){.status = fault_busy};
    }
    const uint64_t translation = floor_walk(pages, page);
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
    install_under_lock(pages, page, translation);
    floor_small_rw_lock_unlock_shared(&pages->kvm->locks.lock);
    return (struct fault_outcome){.status = fault_installed, .waited_nanoseconds = waited};
}

// What both kinds of beginning have in common.
static inline struct fault_outcome fault_interval(
    const struct floor_pages *pages, size_t page, bool has_begun, uint64_t ticket) {
    if (!has_begun) {
        return (struct fault_outcome){.status = fault_busy};
    }
    const uint64_t translation = floor_walk(pages, page);
    if (translation == 0) {
        return (struct fault_outcome){.status = fault_absent};
    }
    const uint64_t waited = floor_small_lock_lock(&pages->node->lock);
    if (floor_interval_retry(pages->node, ticket)) {
        floor_small_lock_unlock(&pages->node->lock);
        return (struct fault_outcome){.status = fault_busy, .retries = 1};
    }
    install_under_lock(pages, page, translation);
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
