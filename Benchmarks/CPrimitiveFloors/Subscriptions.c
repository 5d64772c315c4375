#include "Subscriptions.h"

#include <CPlatform.h>

bool floor_subscriptions_start(
    struct floor_subscriptions *space, const struct floor_invalidation *what, struct floor_section *section) {
    if (cplatform_thread()->installs != 0 || cplatform_thread()->locked_walks != 0 ||
        atomic_load_explicit(&space->gate.taken, memory_order_relaxed) != 0) {
        __builtin_trap();
    }
    const uint64_t parity = floor_range_counter_raise(&space->counter);
    if (!floor_list_start(space->list, what, section)) {
        floor_range_counter_lower(&space->counter, parity);
        return false;
    }
    section->parity = parity;
    section->tag = space->tag;
    return true;
}

void floor_subscriptions_end(struct floor_subscriptions *space, struct floor_section *section) {
    if (section->tag != space->tag) {
        __builtin_trap();
    }
    floor_list_end(space->list, section);
    if (floor_range_counter_lower(&space->counter, section->parity) &&
        atomic_load_explicit(&space->covers, memory_order_seq_cst) != 0) {
        __builtin_trap();
    }
}

struct floor_node *floor_subscriptions_register(
    struct floor_subscriptions *space, void *subscriber, const struct floor_subscriber *functions) {
    struct floor_node *node = floor_list_register(space->list, subscriber, functions);
    if (atomic_load_explicit(&space->counter.word, memory_order_seq_cst) & FLOOR_COUNTS_MASK) {
        __builtin_trap();
    }
    return node;
}

void floor_subscriptions_unregister(struct floor_subscriptions *space, struct floor_node *node) {
    floor_list_unregister(space->list, node);
}

struct floor_subscriptions *floor_subscriptions_create(void) {
    struct floor_subscriptions *space = floor_allocate_lines(sizeof *space);
    space->list = floor_list_create();
    return space;
}

void floor_subscriptions_destroy(struct floor_subscriptions *space) {
    floor_list_destroy(space->list);
    free(space);
}
