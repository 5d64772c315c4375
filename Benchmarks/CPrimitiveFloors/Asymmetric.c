#include "Asymmetric.h"

struct floor_asymmetric floor_asymmetric_create(int64_t pages) {
    return (struct floor_asymmetric){floor_stripes_create(pages, 0), floor_publication_create()};
}

void floor_asymmetric_destroy(struct floor_asymmetric asymmetric) {
    free(asymmetric.stripes.base);
    floor_publication_destroy(asymmetric.publication);
}

void floor_asymmetric_started(
    const struct floor_asymmetric *asymmetric, int64_t start_page, int64_t end_page, int64_t threads,
    floor_teardown teardown, void *context) {
    const struct floor_stripes stripes = asymmetric->stripes;
    const int64_t last = (end_page - 1) >> stripes.shift;
    for (int64_t index = start_page >> stripes.shift; index <= last; index++) {
        // Relaxed: the fence behind it orders it.
        floor_with_start(atomic_fetch_add_explicit(
            &floor_stripe(stripes, index)->word, FLOOR_STRIPE_START, memory_order_relaxed));
    }
    floor_heavy_fence(asymmetric->publication);
    floor_wait_until_unpublished(asymmetric->publication, start_page, end_page, threads);
    teardown(context, start_page, end_page);
    // Releasing: who sees any of the change that follows sees that the translations are gone.
    atomic_thread_fence(memory_order_release);
}

void floor_asymmetric_ended(const struct floor_asymmetric *asymmetric, int64_t start_page, int64_t end_page) {
    const struct floor_stripes stripes = asymmetric->stripes;
    const int64_t last = (end_page - 1) >> stripes.shift;
    for (int64_t index = start_page >> stripes.shift; index <= last; index++) {
        // Releasing: the change of the pages comes before it; pairs with the load of a ticket.
        floor_with_end(atomic_fetch_sub_explicit(
            &floor_stripe(stripes, index)->word, FLOOR_STRIPE_SECTION, memory_order_release));
    }
}

uint64_t floor_asymmetric_word(const struct floor_asymmetric *asymmetric, int64_t page) {
    return atomic_load_explicit(&floor_stripe_of(asymmetric->stripes, page)->word, memory_order_relaxed);
}
