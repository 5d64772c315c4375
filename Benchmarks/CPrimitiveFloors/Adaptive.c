#include "Adaptive.h"

// How far ahead of now revocations may spend, in nanoseconds.
#define ALLOWANCE 10000000

struct floor_adaptive floor_adaptive_create(int64_t pages, double bias_budget) {
    struct floor_revocation_budget *budget = floor_allocate_lines(sizeof *budget);
    budget->time_for_each = 1 / bias_budget;
    return (struct floor_adaptive){
        floor_striped_create(pages, FLOOR_STRIPE_BIASED), floor_publication_create(), budget};
}

void floor_adaptive_destroy(struct floor_adaptive adaptive) {
    floor_striped_destroy(adaptive.striped);
    floor_publication_destroy(adaptive.publication);
    free(adaptive.budget);
}

// MARK: The budget

static void charge(struct floor_revocation_budget *budget, uint64_t start) {
    const uint64_t now = floor_now();
    const uint64_t price = (uint64_t)((double)(now - start) * budget->time_for_each);
    // Relaxed, all: a sum that orders nothing.
    uint64_t paid = atomic_load_explicit(&budget->paid_at, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(
        &budget->paid_at, &paid, (paid > now ? paid : now) + price, memory_order_relaxed, memory_order_relaxed)) {
    }
}

void floor_adaptive_end_install_slow(
    struct floor_stripe *stripe, struct floor_striped_ticket ticket, const struct floor_revocation_budget *budget) {
    atomic_store_explicit(&stripe->quiet_faults, 0, memory_order_relaxed);
    cplatform_thread()->installs = 0;
    // Relaxed: a hint.
    const bool may_bias = atomic_load_explicit(&budget->paid_at, memory_order_relaxed) < floor_now() + ALLOWANCE;
    floor_stripe_unlock(stripe, ticket.word | (may_bias ? FLOOR_STRIPE_BIASED : 0));
}

// MARK: Sections

static uint64_t revoked(uint64_t word) { return (word & ~FLOOR_STRIPE_BIASED) | FLOOR_STRIPE_REVOKING; }

static bool is_settled(uint64_t word) { return (word & (FLOOR_STRIPE_BIASED | FLOOR_STRIPE_REVOKING)) == 0; }

static uint64_t with_start_revoked_or_locked(uint64_t word) {
    const uint64_t raised = floor_with_start(word);
    return is_settled(word) ? floor_with_lock(raised) : revoked(raised);
}

static uint64_t with_start_revoked(uint64_t word) {
    const uint64_t raised = floor_with_start(word);
    return is_settled(word) ? raised : revoked(raised);
}

static uint64_t with_lock_settled(uint64_t word) { return floor_with_lock(word & ~FLOOR_STRIPE_REVOKING); }

struct section {
    struct floor_stripes stripes;
    int64_t start_page, end_page, first, last;
    floor_teardown teardown;
    void *context;
};

// Drops a stripe's part of the range with its lock held, and leaves `locked` behind, without the lock.
static void tear_down(const struct section *section, int64_t index, uint64_t locked) {
    struct floor_stripe *stripe = floor_stripe(section->stripes, index);
    // Relaxed: written with the lock held.
    atomic_store_explicit(&stripe->quiet_faults, 0, memory_order_relaxed);
    section->teardown(
        section->context, floor_part_start(section->stripes, index, section->start_page),
        floor_part_end(section->stripes, index, section->end_page));
    floor_stripe_unlock(stripe, locked);
}

// Raises every stripe, and tears down those before the first that is biased or being revoked. Returns that one, or one
// above the last.
static int64_t raise_and_tear_down(const struct section *section) {
    int64_t unsettled = section->last + 1;
    for (int64_t index = section->first; index <= section->last; index++) {
        struct floor_stripe *stripe = floor_stripe(section->stripes, index);
        const bool is_before = unsettled > section->last;
        const uint64_t word = is_before ? floor_stripe_update(stripe, with_start_revoked_or_locked)
                                        : floor_stripe_update(stripe, with_start_revoked);
        if (word & FLOOR_STRIPE_LOCK) {
            tear_down(section, index, word);
        } else if (is_before) {
            unsettled = index;
        }
    }
    return unsettled;
}

// The same for a wide section, which moves the generations of those that it tears down.
static int64_t tear_down_unraised(const struct section *section) {
    for (int64_t index = section->first; index <= section->last; index++) {
        struct floor_stripe *stripe = floor_stripe(section->stripes, index);
        const uint64_t word = floor_stripe_update(stripe, floor_with_lock);
        if (!is_settled(word)) {
            floor_stripe_unlock(stripe, word);
            return index;
        }
        tear_down(section, index, word + FLOOR_STRIPE_GENERATION);
    }
    return section->last + 1;
}

void floor_adaptive_started(
    const struct floor_adaptive *adaptive, int64_t start_page, int64_t end_page, int64_t threads,
    floor_teardown teardown, void *context) {
    const struct floor_striped striped = adaptive->striped;
    const int shift = striped.stripes.shift;
    const struct section section = {
        striped.stripes, start_page, end_page, start_page >> shift, (end_page - 1) >> shift, teardown, context};
    const bool is_wide = floor_striped_is_wide(striped, section.first, section.last);
    if (is_wide) {
        floor_striped_raise_wide(striped);
    }
    const int64_t unsettled = is_wide ? tear_down_unraised(&section) : raise_and_tear_down(&section);
    if (unsettled <= section.last) {
        const uint64_t start = floor_now();
        floor_heavy_fence(adaptive->publication);
        // A wide section leaves the bias, and waits for its own range alone.
        floor_wait_until_unpublished(
            adaptive->publication, is_wide ? start_page : unsettled << shift,
            is_wide ? end_page : (section.last + 1) << shift, threads);
        charge(adaptive->budget, start);
        for (int64_t index = unsettled; index <= section.last; index++) {
            struct floor_stripe *stripe = floor_stripe(striped.stripes, index);
            const uint64_t locked = is_wide ? floor_stripe_update(stripe, floor_with_lock)
                                            : floor_stripe_update(stripe, with_lock_settled);
            tear_down(&section, index, is_wide ? locked + FLOOR_STRIPE_GENERATION : locked);
        }
    }
    // Releasing: who sees any of the change that follows sees that the translations are gone.
    atomic_thread_fence(memory_order_release);
}

void floor_adaptive_ended(const struct floor_adaptive *adaptive, int64_t start_page, int64_t end_page) {
    floor_striped_ended(&adaptive->striped, start_page, end_page);
}

uint64_t floor_adaptive_word(const struct floor_adaptive *adaptive, int64_t page) {
    return floor_striped_word(&adaptive->striped, page);
}
