#include "Subscriptions.h"

bool floor_subscriptions_start(
    struct floor_subscriptions *space, const struct floor_invalidation *what, struct floor_section *section) {
    if (!floor_range_counter_raise(&space->counter, what->is_blockable)) {
        return false;
    }
    if (!floor_list_start(space->list, what, section)) {
        floor_range_counter_lower(&space->counter);
        return false;
    }
    return true;
}

void floor_subscriptions_end(struct floor_subscriptions *space, struct floor_section *section) {
    floor_list_end(space->list, section);
    floor_range_counter_lower(&space->counter);
}

struct floor_node *floor_subscriptions_register(
    struct floor_subscriptions *space, void *subscriber, const struct floor_subscriber *functions) {
    floor_range_counter_claim(&space->counter);
    struct floor_node *node = floor_list_register(space->list, subscriber, functions);
    floor_range_counter_release_claim(&space->counter);
    return node;
}

void floor_subscriptions_unregister(struct floor_subscriptions *space, struct floor_node *node) {
    floor_list_unregister(space->list, node);
}

struct floor_subscriptions *floor_subscriptions_create(void) {
    struct floor_subscriptions *space = floor_allocate_lines(sizeof *space);
    atomic_store_explicit(&space->counter.claimant, -1, memory_order_relaxed);
    space->list = floor_list_create();
    return space;
}

void floor_subscriptions_destroy(struct floor_subscriptions *space) {
    floor_list_destroy(space->list);
    free(space);
}
