// The loops over the subscriptions to ranges: in another file than IntervalSet.c, so that they call it.
#include "IntervalSet.h"

uint64_t floor_interval_dispatch_loop(
    struct floor_interval_set *set, const struct floor_interval_places *places, uint64_t count) {
    struct floor_invalidation what = places->first;
    const int64_t width = what.end_page - what.start_page;
    uint64_t opened = 0;
    for (uint64_t round = 0; round < count; round++) {
        what.start_page = places->first.start_page + (int64_t)floor_interval_place(places, round) * places->stride;
        what.end_page = what.start_page + width;
        if (floor_interval_set_start(set, &what)) {
            floor_interval_set_end(set);
            opened++;
        }
    }
    return opened;
}

uint64_t floor_interval_begin_retry_loop(struct floor_interval_set *set, uint64_t count) {
    struct floor_interval_node *node = set->state.root;
    uint64_t undisturbed = 0;
    for (uint64_t round = 0; round < count; round++) {
        uint64_t ticket;
        if (!floor_interval_begin_if_idle(set, node, &ticket)) {
            continue;
        }
        floor_small_lock_lock(&node->lock);
        if (!floor_interval_retry(node, ticket)) {
            undisturbed++;
        }
        floor_small_lock_unlock(&node->lock);
    }
    return undisturbed;
}

uint64_t floor_interval_begin_retry_lock_free_loop(struct floor_interval_set *set, uint64_t count) {
    struct floor_interval_node *node = set->state.root;
    uint64_t undisturbed = 0;
    for (uint64_t round = 0; round < count; round++) {
        uint64_t ticket;
        if (!floor_interval_begin_if_idle_lock_free(set, node, &ticket)) {
            continue;
        }
        floor_small_lock_lock(&node->lock);
        if (!floor_interval_retry(node, ticket)) {
            undisturbed++;
        }
        floor_small_lock_unlock(&node->lock);
    }
    return undisturbed;
}

uint64_t floor_interval_insert_remove_loop(
    struct floor_interval_set *set, const struct floor_interval_places *places, void *subscriber, uint64_t count) {
    const int64_t width = places->first.end_page - places->first.start_page;
    struct floor_interval_node *node =
        floor_interval_node_create(0, width, subscriber, &floor_idle_interval_subscriber);
    for (uint64_t round = 0; round < count; round++) {
        node->start_page =
            places->first.start_page + (int64_t)floor_interval_place(places, round) * places->stride;
        node->end_page = node->start_page + width;
        floor_interval_set_insert(set, node);
        floor_interval_set_remove(set, node);
    }
    free(node);
    return count;
}
