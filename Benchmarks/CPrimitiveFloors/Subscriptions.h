// The notifier list behind the counter of open sections.
#ifndef FLOOR_SUBSCRIPTIONS_H
#define FLOOR_SUBSCRIPTIONS_H

#include "NotifierList.h"
#include "RangeCounter.h"

struct floor_subscriptions {
    struct floor_range_counter counter;
    struct floor_list *list;
} FLOOR_ON_LINES;

bool floor_subscriptions_start(
    struct floor_subscriptions *space, const struct floor_invalidation *what, struct floor_section *section);
void floor_subscriptions_end(struct floor_subscriptions *space, struct floor_section *section);

#endif
