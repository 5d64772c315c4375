// The notifier list: entries in the order of their subscribers' addresses, walked under liburcu's bp flavour.
#ifndef FLOOR_NOTIFIERLIST_H
#define FLOOR_NOTIFIERLIST_H

#include "CPrimitiveFloors.h"
#include "SmallLock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct floor_node {
    struct floor_node *next; // written under the list's lock, published with rcu_assign_pointer
    enum floor_response (*start)(void *subscriber, const struct floor_invalidation *what);
    void (*end)(void *subscriber, const struct floor_invalidation *what);
    void (*released)(void *subscriber);
    void *subscriber;
    uint64_t serial; // counts the registrations of the list, from 1
    atomic_bool release_called;
};

struct floor_list {
    struct floor_small_lock lock;
    bool is_released;        // under the lock
    struct floor_node *head; // as a node's next
    _Atomic uint64_t last_serial;
};

// The serials of the subscribers that failed in one blockable start.
struct floor_failures {
    size_t count;
    uint64_t serials[];
};

// An open section. `failures` is NULL unless a subscriber broke its contract.
struct floor_section {
    struct floor_invalidation what;
    uint64_t serial;
    struct floor_failures *failures;
    uint16_t tag;    // of the space
    uint64_t parity; // of the epoch that it is counted in
};

// False, with nothing owed, where the invalidation is not blockable and a subscriber would block.
bool floor_list_start(
    struct floor_list *list, const struct floor_invalidation *what, struct floor_section *section);
void floor_list_end(struct floor_list *list, struct floor_section *section);

#endif
