#include "Striped.h"

struct floor_striped floor_striped_create(int64_t pages, uint64_t word) {
    return (struct floor_striped){
        floor_stripes_create(pages, word), floor_allocate_lines(sizeof(struct floor_stripe)), .wide_bound = 32};
}

void floor_striped_destroy(struct floor_striped striped) {
    free(striped.stripes.base);
    free(striped.wide);
}

uint64_t floor_stripe_update_slow(struct floor_stripe *stripe, uint64_t (*change)(uint64_t word)) {
    // Relaxed: who misses it only comes first.
    atomic_fetch_add_explicit(&stripe->waiting_sections, FLOOR_STRIPE_SECTION, memory_order_relaxed);
    unsigned spins = 0;
    for (;;) {
        uint64_t current = atomic_load_explicit(&stripe->word, memory_order_relaxed);
        if (!(current & FLOOR_STRIPE_LOCK)) {
            const uint64_t changed = change(current);
            if (floor_stripe_exchange(stripe, &current, changed)) {
                atomic_fetch_sub_explicit(&stripe->waiting_sections, FLOOR_STRIPE_SECTION, memory_order_relaxed);
                return changed;
            }
        }
        floor_pause(&spins);
    }
}

bool floor_striped_ticket_when_put_back(
    struct floor_striped striped, int64_t page, struct floor_striped_ticket *ticket) {
    const struct floor_stripe *stripe = floor_stripe_of(striped.stripes, page);
    for (int look = 0; look < 32; look++) {
        // Relaxed: a hint.
        if (atomic_load_explicit(&stripe->word, memory_order_relaxed) != FLOOR_STRIPE_LOCK) {
            return floor_striped_ticket_if_idle(striped, page, ticket);
        }
        cplatform_spin_hint();
    }
    return false;
}

uint64_t floor_striped_begin_install_slow(struct floor_stripe *stripe, uint64_t ticket, uint64_t found) {
    if (found != FLOOR_STRIPE_LOCK) {
        floor_stripe_unlock(stripe, found);
    }
    cplatform_thread()->installs = 0;
    if (found != FLOOR_STRIPE_LOCK) {
        return 0;
    }
    const uint64_t start = floor_now();
    unsigned spins = 0;
    while (atomic_load_explicit(&stripe->waiting_sections, memory_order_relaxed) == 0) {
        // Relaxed: only a hint when to try.
        uint64_t word = atomic_load_explicit(&stripe->word, memory_order_relaxed);
        if (word != FLOOR_STRIPE_LOCK) {
            if (word != ticket) {
                return 0;
            }
            floor_enter_install();
            // Acquiring: as in floor_striped_begin_install.
            if (atomic_compare_exchange_strong_explicit(
                    &stripe->word, &word, FLOOR_STRIPE_LOCK, memory_order_acquire, memory_order_relaxed)) {
                const uint64_t waited = floor_now() - start;
                return waited == 0 ? 1 : waited;
            }
            cplatform_thread()->installs = 0;
        }
        floor_pause(&spins);
    }
    return 0;
}

static uint64_t with_generation_and_lock(uint64_t word) { return floor_with_lock(word + FLOOR_STRIPE_GENERATION); }

static uint64_t with_start_and_lock(uint64_t word) { return floor_with_lock(floor_with_start(word)); }

void floor_striped_started(
    const struct floor_striped *striped, int64_t start_page, int64_t end_page, floor_teardown teardown,
    void *context) {
    const struct floor_stripes stripes = striped->stripes;
    const int64_t first = start_page >> stripes.shift;
    const int64_t last = (end_page - 1) >> stripes.shift;
    const bool is_wide = floor_striped_is_wide(*striped, first, last);
    if (is_wide) {
        floor_striped_raise_wide(*striped);
    }
    for (int64_t index = first; index <= last; index++) {
        struct floor_stripe *stripe = floor_stripe(stripes, index);
        const uint64_t locked = is_wide ? floor_stripe_update(stripe, with_generation_and_lock)
                                        : floor_stripe_update(stripe, with_start_and_lock);
        teardown(context, floor_part_start(stripes, index, start_page), floor_part_end(stripes, index, end_page));
        floor_stripe_unlock(stripe, locked);
    }
}

void floor_striped_ended(const struct floor_striped *striped, int64_t start_page, int64_t end_page) {
    const struct floor_stripes stripes = striped->stripes;
    const int64_t first = start_page >> stripes.shift;
    const int64_t last = (end_page - 1) >> stripes.shift;
    if (floor_striped_is_wide(*striped, first, last)) {
        // Releasing: pairs with the load of a ticket.
        floor_with_end(atomic_fetch_sub_explicit(&striped->wide->word, FLOOR_STRIPE_SECTION, memory_order_release));
        return;
    }
    for (int64_t index = first; index <= last; index++) {
        floor_stripe_update(floor_stripe(stripes, index), floor_with_end);
    }
}

uint64_t floor_striped_word(const struct floor_striped *striped, int64_t page) {
    return atomic_load_explicit(&floor_stripe_of(striped->stripes, page)->word, memory_order_relaxed);
}
