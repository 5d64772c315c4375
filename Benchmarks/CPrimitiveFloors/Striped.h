// Striped validation in one step: one exchange of the stripe's word checks the walk and takes the lock.
#ifndef FLOOR_STRIPED_H
#define FLOOR_STRIPED_H

#include "CPrimitiveFloors.h"
#include "Stripes.h"

struct floor_striped {
    struct floor_stripes stripes;
    struct floor_stripe *wide; // of its quiet_faults no use is made
    int64_t wide_bound;
};

struct floor_striped_ticket {
    uint64_t word;
    uint64_t wide;
};

struct floor_striped floor_striped_create(int64_t pages, uint64_t word);
void floor_striped_destroy(struct floor_striped striped);

// Whether a section over these stripes is counted once for the whole space.
static inline bool floor_striped_is_wide(struct floor_striped striped, int64_t first, int64_t last) {
    return last - first + 1 > striped.wide_bound;
}

// Before the first stripe is torn down. Relaxed: the locks of the stripes, which come after it, order it.
static inline void floor_striped_raise_wide(struct floor_striped striped) {
    floor_with_start(atomic_fetch_add_explicit(&striped.wide->word, FLOOR_STRIPE_START, memory_order_relaxed));
}

// False where a fault would have to wait, or is too late.
static inline bool floor_striped_ticket_if_idle(
    struct floor_striped striped, int64_t page, struct floor_striped_ticket *ticket) {
    // Acquiring, both: the walk comes after it; pairs with the ends.
    const struct floor_stripe *stripe = floor_stripe_of(striped.stripes, page);
    ticket->word = atomic_load_explicit(&stripe->word, memory_order_acquire);
    ticket->wide = atomic_load_explicit(&striped.wide->word, memory_order_acquire);
    const uint64_t waiting = atomic_load_explicit(&stripe->waiting_sections, memory_order_relaxed);
    return ((ticket->word | ticket->wide | waiting) & (FLOOR_STRIPE_COUNT | FLOOR_STRIPE_DEAD | FLOOR_STRIPE_LOCK)) == 0;
}

// The same once the word is back, if that is soon.
bool floor_striped_ticket_when_put_back(
    struct floor_striped striped, int64_t page, struct floor_striped_ticket *ticket);

static inline bool floor_striped_begin_if_idle(
    struct floor_striped striped, int64_t page, struct floor_striped_ticket *ticket) {
    // The install will write the line: one transfer then, not one to read and one to write.
    cplatform_prefetch_for_write(floor_stripe_of(striped.stripes, page));
    return floor_striped_ticket_if_idle(striped, page, ticket) ||
           floor_striped_ticket_when_put_back(striped, page, ticket);
}

// Puts another word than the ticket back, or waits for the lock. Returns how long in nanoseconds, or 0 without the lock.
uint64_t floor_striped_begin_install_slow(struct floor_stripe *stripe, uint64_t ticket, uint64_t found);

static inline void floor_striped_end_install(
    struct floor_striped striped, int64_t page, struct floor_striped_ticket ticket) {
    cplatform_thread()->installs = 0;
    // Releasing: pairs with the next section's exchange.
    atomic_store_explicit(&floor_stripe_of(striped.stripes, page)->word, ticket.word, memory_order_release);
}

// False where the walk must be thrown away.
static inline bool floor_striped_begin_install(
    struct floor_striped striped, int64_t page, struct floor_striped_ticket ticket, uint64_t *waited) {
    struct floor_stripe *stripe = floor_stripe_of(striped.stripes, page);
    *waited = 0;
    floor_enter_install();
    // Acquiring: pairs with the stores that give the lock back.
    const uint64_t found = atomic_exchange_explicit(&stripe->word, FLOOR_STRIPE_LOCK, memory_order_acquire);
    if (found == ticket.word) {
        return true;
    }
    *waited = floor_striped_begin_install_slow(stripe, ticket.word, found);
    return *waited != 0;
}

#endif
