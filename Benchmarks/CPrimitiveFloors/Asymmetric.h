// Faults that only publish which page they install. Sections pay for the fence with membarrier(2), or each fault does.
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

// The slot to clear once the install is done, or NULL where the walk must be thrown away. `is_fenced` is a constant.
static inline __attribute__((always_inline)) struct floor_slot *floor_asymmetric_begin_install(
    struct floor_asymmetric asymmetric, int64_t page, uint64_t ticket, bool is_fenced) {
    struct floor_slot *slot = is_fenced ? floor_publish_fenced(asymmetric.publication, page)
                                        : floor_publish(asymmetric.publication, page);
    // Acquiring: the install comes after it. Behind the exchange sequentially consistent, which is the same instruction.
    if (atomic_load_explicit(
            &floor_stripe_of(asymmetric.stripes, page)->word,
            is_fenced ? memory_order_seq_cst : memory_order_acquire) == ticket) {
        return slot;
    }
    floor_unpublish(slot);
    return NULL;
}

#endif
