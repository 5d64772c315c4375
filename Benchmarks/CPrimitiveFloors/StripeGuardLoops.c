// Faults and sections of the guards that have a word for each stripe: in another file than these, so that faults inline
// what is in a header, and sections call what is not.
#include "Adaptive.h"
#include "Asymmetric.h"
#include "Pages.h"
#include "Striped.h"

// Only the fast paths: nothing invalidates here, and the slow ones are not measured.

static inline struct fault_outcome fault_striped(const struct floor_pages *pages, size_t page) {
    struct floor_striped_ticket ticket;
    if (!floor_striped_begin_if_idle(pages->striped, (int64_t)page, &ticket)) {
        return (struct fault_outcome){.status = fault_busy};
    }
    const uint64_t translation = floor_walk(pages, page);
    if (translation == 0) {
        return (struct fault_outcome){.status = fault_absent};
    }
    uint64_t waited;
    if (!floor_striped_begin_install(pages->striped, (int64_t)page, ticket, &waited)) {
        return (struct fault_outcome){.status = fault_busy, .retries = 1};
    }
    floor_install(pages, page, translation);
    floor_striped_end_install(pages->striped, (int64_t)page, ticket);
    return (struct fault_outcome){.status = fault_installed, .waited_nanoseconds = waited};
}

static inline __attribute__((always_inline)) struct fault_outcome fault_published(
    const struct floor_pages *pages, size_t page, bool is_fenced) {
    uint64_t ticket;
    if (!floor_asymmetric_begin_if_idle(pages->asymmetric, (int64_t)page, &ticket)) {
        return (struct fault_outcome){.status = fault_busy};
    }
    const uint64_t translation = floor_walk(pages, page);
    if (translation == 0) {
        return (struct fault_outcome){.status = fault_absent};
    }
    struct floor_slot *slot =
        floor_asymmetric_begin_install(pages->asymmetric, (int64_t)page, ticket, is_fenced);
    if (slot == NULL) {
        return (struct fault_outcome){.status = fault_busy, .retries = 1};
    }
    floor_install(pages, page, translation);
    floor_unpublish(slot);
    return (struct fault_outcome){.status = fault_installed};
}

// `area` is where the thread has its rseq area.
static inline struct fault_outcome fault_restartable(const struct floor_pages *pages, size_t page, ptrdiff_t area) {
    const struct floor_stripe *stripe = floor_stripe_of(pages->striped.stripes, (int64_t)page);
    // Acquiring: the walk comes after it.
    const uint64_t ticket = atomic_load_explicit(&stripe->word, memory_order_acquire);
    const uint64_t waiting = atomic_load_explicit(&stripe->waiting_sections, memory_order_relaxed);
    if ((ticket | waiting) & (FLOOR_STRIPE_COUNT | FLOOR_STRIPE_DEAD | FLOOR_STRIPE_LOCK)) {
        return (struct fault_outcome){.status = fault_busy};
    }
    const uint64_t translation = floor_walk(pages, page);
    if (translation == 0) {
        return (struct fault_outcome){.status = fault_absent};
    }
    do {
        if (cplatform_restartable_store(area, &stripe->word, ticket, (void *)&pages->shadow[page], translation)) {
            return (struct fault_outcome){.status = fault_installed};
        }
        // Aborted by an interrupt, if the word is still the ticket. Relaxed: a hint whether to try again.
    } while (atomic_load_explicit(&stripe->word, memory_order_relaxed) == ticket);
    return (struct fault_outcome){.status = fault_busy, .retries = 1};
}

static inline struct fault_outcome fault_adaptive(const struct floor_pages *pages, size_t page) {
    struct floor_striped_ticket ticket;
    if (!floor_adaptive_begin_if_idle(pages->adaptive, (int64_t)page, &ticket)) {
        return (struct fault_outcome){.status = fault_busy};
    }
    const uint64_t translation = floor_walk(pages, page);
    if (translation == 0) {
        return (struct fault_outcome){.status = fault_absent};
    }
    struct floor_slot *slot;
    uint64_t waited;
    if (!floor_adaptive_begin_install(pages->adaptive, (int64_t)page, ticket, &slot, &waited)) {
        return (struct fault_outcome){.status = fault_busy, .retries = 1};
    }
    floor_install(pages, page, translation);
    floor_adaptive_end_install(pages->adaptive, (int64_t)page, ticket, slot);
    return (struct fault_outcome){.status = fault_installed, .waited_nanoseconds = waited};
}

uint64_t floor_fault_striped_loop(struct floor_pages *pages, uint64_t count) {
    const struct floor_pages here = *pages; // a copy nobody else sees: no store can change it
    uint64_t installed = 0;
    for (uint64_t round = 0; round < count; round++) {
        installed += fault_striped(&here, round & (here.count - 1)).status == fault_installed;
    }
    return installed;
}

uint64_t floor_fault_asymmetric_loop(struct floor_pages *pages, uint64_t count) {
    const struct floor_pages here = *pages; // a copy nobody else sees: no store can change it
    uint64_t installed = 0;
    for (uint64_t round = 0; round < count; round++) {
        installed += fault_published(&here, round & (here.count - 1), false).status == fault_installed;
    }
    return installed;
}

uint64_t floor_fault_fenced_loop(struct floor_pages *pages, uint64_t count) {
    const struct floor_pages here = *pages; // a copy nobody else sees: no store can change it
    uint64_t installed = 0;
    for (uint64_t round = 0; round < count; round++) {
        installed += fault_published(&here, round & (here.count - 1), true).status == fault_installed;
    }
    return installed;
}

uint64_t floor_fault_restartable_loop(struct floor_pages *pages, uint64_t count) {
    const struct floor_pages here = *pages; // a copy nobody else sees: no store can change it
    const ptrdiff_t area = cplatform_restartable_area();
    uint64_t installed = 0;
    for (uint64_t round = 0; round < count; round++) {
        installed += fault_restartable(&here, round & (here.count - 1), area).status == fault_installed;
    }
    return installed;
}

uint64_t floor_fault_adaptive_loop(struct floor_pages *pages, uint64_t count) {
    const struct floor_pages here = *pages; // a copy nobody else sees: no store can change it
    uint64_t installed = 0;
    for (uint64_t round = 0; round < count; round++) {
        installed += fault_adaptive(&here, round & (here.count - 1)).status == fault_installed;
    }
    return installed;
}

// MARK: Sections

static void tear_nothing_down(void *context, int64_t start_page, int64_t end_page) {
    (void)context;
    (void)start_page;
    (void)end_page;
}

uint64_t floor_striped_section_loop(const struct floor_striped *striped, uint64_t count) {
    for (uint64_t round = 0; round < count; round++) {
        floor_striped_started(striped, 0, 16, tear_nothing_down, NULL);
        floor_striped_ended(striped, 0, 16);
    }
    return count;
}

uint64_t floor_asymmetric_section_loop(const struct floor_asymmetric *asymmetric, int64_t threads, uint64_t count) {
    for (uint64_t round = 0; round < count; round++) {
        floor_asymmetric_started(asymmetric, 0, 16, threads, tear_nothing_down, NULL);
        floor_asymmetric_ended(asymmetric, 0, 16);
    }
    return count;
}

uint64_t floor_adaptive_section_loop(const struct floor_adaptive *adaptive, int64_t threads, uint64_t count) {
    for (uint64_t round = 0; round < count; round++) {
        floor_adaptive_started(adaptive, 0, 16, threads, tear_nothing_down, NULL);
        floor_adaptive_ended(adaptive, 0, 16);
    }
    return count;
}
