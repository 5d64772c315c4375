// Faults that only publish which page they install, without a fence; sections pay with membarrier(2).
#ifndef FLOOR_ASYMMETRIC_H
#define FLOOR_ASYMMETRIC_H

#include "CPrimitiveFloors.h"
#include "Publication.h"
#include "Stripes.h"

struct floor_asymmetric {
    struct floor_stripes stripes;
    struct floor_publication publication;
};

struct floor_asymmetric floor_asymmetric_create(int64_t pages);
void floor_asymmetric_destroy(struct floor_asymmetric asymmetric);

// False where a fault would have to wait, or is too late.
static inline bool floor_asymmetric_begin_if_idle(
    struct floor_asymmetric asymmetric, int64_t page, uint64_t *ticket) {
    // Acquiring: pairs with the subtraction in floor_asymmetric_ended.
    *ticket = atomic_load_explicit(&floor_stripe_of(asymmetric.stripes, page)->word, memory_order_acquire);
    return (*ticket & (FLOOR_STRIPE_COUNT | FLOOR_STRIPE_DEAD)) == 0;
}

// The slot to clear once the install is done, or NULL where the walk must be thrown away.
static inline struct floor_slot *floor_asymmetric_begin_install(
    struct floor_asymmetric asymmetric, int64_t page, uint64_t ticket) {
    struct floor_slot *slot = floor_publish(asymmetric.publication, page);
    // Acquiring: the install comes after it.
    if (atomic_load_explicit(&floor_stripe_of(asymmetric.stripes, page)->word, memory_order_acquire) == ticket) {
        return slot;
    }
    floor_unpublish(slot);
    return NULL;
}

// The same of `fenced`, whose fault pays for the fence itself.
static inline struct floor_slot *floor_fenced_begin_install(
    struct floor_asymmetric asymmetric, int64_t page, uint64_t ticket) {
    struct floor_slot *slot = floor_publish_fenced(asymmetric.publication, page);
    // Sequentially consistent: it comes behind the exchange.
    if (atomic_load_explicit(&floor_stripe_of(asymmetric.stripes, page)->word, memory_order_seq_cst) == ticket) {
        return slot;
    }
    floor_unpublish(slot);
    return NULL;
}

#endif
