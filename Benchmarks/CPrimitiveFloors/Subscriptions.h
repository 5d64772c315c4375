// The notifier list behind the gate, where sections give way to faults, and the counter of open sections.
#ifndef FLOOR_SUBSCRIPTIONS_H
#define FLOOR_SUBSCRIPTIONS_H

#include "NotifierList.h"
#include "RangeCounter.h"

struct floor_subscriptions {
    struct floor_range_counter counter;
    struct {
        _Atomic uint64_t taken; // faults that ask sections to hold back; nobody does here
    } gate FLOOR_ON_LINES;
    struct floor_list *list;
    _Atomic uint64_t covers; // registrations that wait for sections; none does here
    uint16_t tag;
} FLOOR_ON_LINES;

bool floor_subscriptions_start(
    struct floor_subscriptions *space, const struct floor_invalidation *what, struct floor_section *section);
void floor_subscriptions_end(struct floor_subscriptions *space, struct floor_section *section);

#endif
