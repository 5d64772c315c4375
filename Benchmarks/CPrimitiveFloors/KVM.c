#include "KVM.h"

// Relaxed accesses in this file: with the lock held alone, which orders them.
#define LOAD(word) atomic_load_explicit(&(word), memory_order_relaxed)
#define STORE(word, value) atomic_store_explicit(&(word), (value), memory_order_relaxed)

void floor_kvm_started(struct floor_kvm *kvm, int64_t start_page, int64_t end_page) {
    floor_small_rw_lock_exclusive(&kvm->locks.lock);
    const int64_t in_progress = LOAD(kvm->state.in_progress);
    const int64_t hull_start = LOAD(kvm->state.hull_start);
    const int64_t hull_end = LOAD(kvm->state.hull_end);
    STORE(kvm->state.hull_start, in_progress != 0 && hull_start < start_page ? hull_start : start_page);
    STORE(kvm->state.hull_end, in_progress != 0 && hull_end > end_page ? hull_end : end_page);
    STORE(kvm->state.in_progress, in_progress + 1);
    floor_small_rw_lock_unlock_exclusive(&kvm->locks.lock);
}

void floor_kvm_ended(struct floor_kvm *kvm) {
    floor_small_rw_lock_exclusive(&kvm->locks.lock);
    const int64_t in_progress = LOAD(kvm->state.in_progress);
    if (in_progress <= 0) {
        __builtin_trap();
    }
    // Releasing, both: the change of the pages comes before the sequence, and the sequence before the count; they pair
    // with the acquiring loads of floor_kvm_begin_if_idle.
    atomic_store_explicit(&kvm->state.sequence, LOAD(kvm->state.sequence) + 1, memory_order_release);
    atomic_store_explicit(&kvm->state.in_progress, in_progress - 1, memory_order_release);
    floor_small_rw_lock_unlock_exclusive(&kvm->locks.lock);
}

struct floor_kvm *floor_kvm_create(void) { return floor_allocate_lines(sizeof(struct floor_kvm)); }

void floor_kvm_destroy(struct floor_kvm *kvm) { free(kvm); }
