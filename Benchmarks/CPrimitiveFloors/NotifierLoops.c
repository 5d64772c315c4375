// The loops over what NotifierList.c and Subscriptions.c offer: in another file, so that they call it.
#include "Subscriptions.h"

uint64_t floor_list_dispatch_loop(
    struct floor_list *list, const struct floor_invalidation *what, uint64_t count) {
    uint64_t opened = 0;
    for (uint64_t round = 0; round < count; round++) {
        struct floor_section section;
        if (floor_list_start(list, what, &section)) {
            floor_list_end(list, &section);
            opened++;
        }
    }
    return opened;
}

uint64_t floor_subscriptions_dispatch_loop(
    struct floor_subscriptions *space, const struct floor_invalidation *what, uint64_t count) {
    uint64_t opened = 0;
    for (uint64_t round = 0; round < count; round++) {
        struct floor_section section;
        if (floor_subscriptions_start(space, what, &section)) {
            floor_subscriptions_end(space, &section);
            opened++;
        }
    }
    return opened;
}

uint64_t floor_list_register_loop(struct floor_list *list, void *subscriber, uint64_t count) {
    for (uint64_t round = 0; round < count; round++) {
        floor_list_unregister(list, floor_list_register(list, subscriber, &floor_idle_subscriber));
    }
    return count;
}

uint64_t floor_subscriptions_register_loop(struct floor_subscriptions *space, void *subscriber, uint64_t count) {
    for (uint64_t round = 0; round < count; round++) {
        floor_subscriptions_unregister(
            space, floor_subscriptions_register(space, subscriber, &floor_idle_subscriber));
    }
    return count;
}
