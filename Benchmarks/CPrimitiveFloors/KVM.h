// KVM's scheme: how many sections are open, a sequence of those that ended, and their hull, under one read-write lock.
#ifndef FLOOR_KVM_H
#define FLOOR_KVM_H

#include "CPrimitiveFloors.h"
#include "CacheLine.h"
#include "SmallReadWriteLock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FLOOR_KVM_DEAD_BIT (UINT64_C(1) << 63)

struct floor_kvm {
    struct {
        struct floor_small_rw_lock lock;
    } locks FLOOR_ON_LINES;
    // Written with the lock held alone.
    struct {
        _Atomic uint64_t sequence;
        _Atomic int64_t in_progress;
        _Atomic int64_t hull_start;
        _Atomic int64_t hull_end;
    } state FLOOR_ON_LINES;
};

static inline bool floor_kvm_is_in_progress(const struct floor_kvm *kvm, int64_t page) {
    // Acquiring: the sequence moves before the count drops; pairs with the store in floor_kvm_ended.
    return atomic_load_explicit(&kvm->state.in_progress, memory_order_acquire) != 0 &&
           // Relaxed: the lock orders them for the check that decides.
           atomic_load_explicit(&kvm->state.hull_start, memory_order_relaxed) <= page &&
           page < atomic_load_explicit(&kvm->state.hull_end, memory_order_relaxed);
}

// False where a reader would have to wait, or is too late.
static inline bool floor_kvm_begin_if_idle(const struct floor_kvm *kvm, int64_t page, uint64_t *ticket) {
    // The count first: a reader that sees it forgotten at the subscription's end then sees the dead bit.
    if (floor_kvm_is_in_progress(kvm, page)) {
        return false;
    }
    // Acquiring: pairs with the store in floor_kvm_ended.
    *ticket = atomic_load_explicit(&kvm->state.sequence, memory_order_acquire);
    return !(*ticket & FLOOR_KVM_DEAD_BIT);
}

// A hint without the lock, and the check that decides with a share of it.
static inline bool floor_kvm_retry(const struct floor_kvm *kvm, int64_t page, uint64_t ticket) {
    return floor_kvm_is_in_progress(kvm, page) ||
           atomic_load_explicit(&kvm->state.sequence, memory_order_relaxed) != ticket;
}

#endif
