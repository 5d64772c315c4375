// Faults without a lock in the stripes that are biased, and as striped in the others, by what the stripe's word says.
#ifndef FLOOR_ADAPTIVE_H
#define FLOOR_ADAPTIVE_H

#include "CPrimitiveFloors.h"
#include "Publication.h"
#include "Striped.h"

// Faults with the lock, no section between, after which a stripe may be biased again.
#define FLOOR_QUIET_FAULTS 1024

// When everything that revocations have cost so far is paid for, in nanoseconds of the monotonic clock.
struct floor_revocation_budget {
    _Atomic uint64_t paid_at;
    double time_for_each;
} FLOOR_ON_LINES;

struct floor_adaptive {
    struct floor_striped striped;
    struct floor_publication publication;
    struct floor_revocation_budget *budget;
};

struct floor_adaptive floor_adaptive_create(int64_t pages, double bias_budget);
void floor_adaptive_destroy(struct floor_adaptive adaptive);

// False where a fault would have to wait, or is too late.
static inline bool floor_adaptive_begin_if_idle(
    struct floor_adaptive adaptive, int64_t page, struct floor_striped_ticket *ticket) {
    return floor_striped_ticket_if_idle(adaptive.striped, page, ticket) ||
           floor_striped_ticket_when_put_back(adaptive.striped, page, ticket);
}

// False where the walk must be thrown away. `slot` is what to clear at the end, or NULL where the lock was taken.
static inline bool floor_adaptive_begin_install(
    struct floor_adaptive adaptive, int64_t page, struct floor_striped_ticket ticket, struct floor_slot **slot,
    uint64_t *waited) {
    if (!(ticket.word & FLOOR_STRIPE_BIASED)) {
        *slot = NULL;
        return floor_striped_begin_install(adaptive.striped, page, ticket, waited);
    }
    *waited = 0;
    *slot = floor_publish(adaptive.publication, page);
    const struct floor_striped striped = adaptive.striped;
    // Acquiring, both: the install comes after it.
    if (atomic_load_explicit(&floor_stripe_of(striped.stripes, page)->word, memory_order_acquire) == ticket.word &&
        atomic_load_explicit(&striped.wide->word, memory_order_acquire) == ticket.wide) {
        return true;
    }
    floor_unpublish(*slot);
    return false;
}

// Gives the lock back, and biases the stripe where revocations may take more time.
void floor_adaptive_end_install_slow(
    struct floor_stripe *stripe, struct floor_striped_ticket ticket, const struct floor_revocation_budget *budget);

static inline void floor_adaptive_end_install(
    struct floor_adaptive adaptive, int64_t page, struct floor_striped_ticket ticket, struct floor_slot *slot) {
    if (slot != NULL) {
        floor_unpublish(slot);
        return;
    }
    struct floor_stripe *stripe = floor_stripe_of(adaptive.striped.stripes, page);
    // Relaxed, both: written with the lock held.
    const uint32_t quiet = atomic_load_explicit(&stripe->quiet_faults, memory_order_relaxed) + 1;
    if (quiet >= FLOOR_QUIET_FAULTS) {
        floor_adaptive_end_install_slow(stripe, ticket, adaptive.budget);
        return;
    }
    atomic_store_explicit(&stripe->quiet_faults, quiet, memory_order_relaxed);
    floor_striped_end_install(adaptive.striped, page, ticket);
}

#endif
