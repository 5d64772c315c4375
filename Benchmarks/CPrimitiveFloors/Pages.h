// A page table and a shadow table of words, with what each guard keeps between them, and what a fault does to them.
#ifndef FLOOR_PAGES_H
#define FLOOR_PAGES_H

#include "Adaptive.h"
#include "Asymmetric.h"
#include "CPrimitiveFloors.h"
#include "IntervalSet.h"
#include "InvLock.h"
#include "KVM.h"
#include "Striped.h"

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
    struct floor_striped striped;
    struct floor_asymmetric asymmetric;
    struct floor_adaptive adaptive;
};

enum fault_status { fault_installed, fault_absent, fault_dead, fault_busy };

struct fault_outcome {
    uint8_t status;
    bool used_fallback;
    uint32_t retries;
    uint64_t waited_nanoseconds;
};

static inline uint64_t floor_walk(const struct floor_pages *pages, size_t page) {
    // Relaxed, here and in floor_install: what a fault must see is ordered by its guard.
    return atomic_load_explicit(&pages->table[page], memory_order_relaxed);
}

static inline void floor_install(const struct floor_pages *pages, size_t page, uint64_t translation) {
    atomic_store_explicit(&pages->shadow[page], translation, memory_order_relaxed);
}

#endif
