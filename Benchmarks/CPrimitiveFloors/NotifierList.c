#include "NotifierList.h"

#define _LGPL_SOURCE
#include <stdlib.h>
#include <urcu/urcu-bp.h>

// MARK: Dispatch

static __attribute__((noinline)) void add_failure(struct floor_section *section, uint64_t serial) {
    const size_t count = section->failures == NULL ? 0 : section->failures->count;
    section->failures = realloc(section->failures, sizeof *section->failures + (count + 1) * sizeof serial);
    if (section->failures == NULL) {
        abort();
    }
    section->failures->count = count + 1;
    section->failures->serials[count] = serial;
}

static __attribute__((noinline)) bool has_failed(const struct floor_failures *failures, uint64_t serial) {
    for (size_t index = 0; index < failures->count; index++) {
        if (failures->serials[index] == serial) {
            return true;
        }
    }
    return false;
}

// Ends the entries before `failed`: those whose start succeeded, and no others.
static __attribute__((noinline)) void undo(
    struct floor_list *list, const struct floor_section *section, const struct floor_node *failed) {
    struct floor_node *node = rcu_dereference(list->head);
    for (; node != failed; node = rcu_dereference(node->next)) {
        if (node->serial <= section->serial && node->end != NULL) {
            node->end(node->subscriber, &section->what);
        }
    }
}

bool floor_list_start(
    struct floor_list *list, const struct floor_invalidation *what, struct floor_section *section) {
    section->what = *what;
    section->failures = NULL;
    // Acquiring: pairs with the releasing store in floor_list_register.
    section->serial = atomic_load_explicit(&list->last_serial, memory_order_acquire);
    // An empty list is passed by.
    if (CMM_LOAD_SHARED(list->head) == NULL) {
        return true;
    }
    urcu_bp_read_lock();
    struct floor_node *node = rcu_dereference(list->head);
    for (; node != NULL; node = rcu_dereference(node->next)) {
        if (node->serial <= section->serial && node->start(node->subscriber, &section->what) == floor_would_block) {
            if (!section->what.is_blockable) {
                undo(list, section, node);
                urcu_bp_read_unlock();
                return false;
            }
            add_failure(section, node->serial);
        }
    }
    urcu_bp_read_unlock();
    return true;
}

static void end_all(struct floor_list *list, const struct floor_section *section) {
    urcu_bp_read_lock();
    struct floor_node *node = rcu_dereference(list->head);
    for (; node != NULL; node = rcu_dereference(node->next)) {
        if (node->end != NULL && node->serial <= section->serial &&
            (section->failures == NULL || !has_failed(section->failures, node->serial))) {
            node->end(node->subscriber, &section->what);
        }
    }
    urcu_bp_read_unlock();
}

void floor_list_end(struct floor_list *list, struct floor_section *section) {
    if (CMM_LOAD_SHARED(list->head) != NULL) {
        end_all(list, section);
    }
    if (section->failures != NULL) {
        free(section->failures);
    }
}

// MARK: Registration

// Address order; one subscriber registered twice is told apart by its serials.
static bool is_before(const struct floor_node *one, const struct floor_node *other) {
    return one->subscriber != other->subscriber ? (uintptr_t)one->subscriber < (uintptr_t)other->subscriber
                                                : one->serial < other->serial;
}

struct floor_node *floor_list_register(
    struct floor_list *list, void *subscriber, const struct floor_subscriber *functions) {
    floor_small_lock_lock(&list->lock);
    if (list->is_released) {
        abort();
    }
    struct floor_node *node = calloc(1, sizeof *node);
    if (node == NULL) {
        abort();
    }
    node->start = functions->start;
    node->end = functions->end;
    node->released = functions->released;
    node->subscriber = subscriber;
    // Relaxed: only written with the lock held.
    node->serial = atomic_load_explicit(&list->last_serial, memory_order_relaxed) + 1;
    struct floor_node **link = &list->head;
    while (*link != NULL && is_before(*link, node)) {
        link = &(*link)->next;
    }
    node->next = *link;
    rcu_assign_pointer(*link, node);
    // Releasing: the link comes before the serial; pairs with the acquiring load in floor_list_start.
    atomic_store_explicit(&list->last_serial, node->serial, memory_order_release);
    floor_small_lock_unlock(&list->lock);
    return node;
}

void floor_list_unregister(struct floor_list *list, struct floor_node *node) {
    urcu_bp_read_lock();
    // Relaxed: only one caller may win.
    if (!atomic_exchange_explicit(&node->release_called, true, memory_order_relaxed)) {
        node->released(node->subscriber);
    }
    urcu_bp_read_unlock();
    floor_small_lock_lock(&list->lock);
    struct floor_node **link = &list->head;
    while (*link != node) {
        link = &(*link)->next;
    }
    rcu_assign_pointer(*link, node->next);
    floor_small_lock_unlock(&list->lock);
    urcu_bp_synchronize_rcu();
    free(node);
}

struct floor_list *floor_list_create(void) {
    struct floor_list *list = calloc(1, sizeof *list);
    if (list == NULL) {
        abort();
    }
    return list;
}

void floor_list_destroy(struct floor_list *list) {
    while (list->head != NULL) {
        struct floor_node *node = list->head;
        list->head = node->next;
        free(node);
    }
    free(list);
}

static enum floor_response idle_start(void *subscriber, const struct floor_invalidation *what) {
    (void)subscriber;
    (void)what;
    return floor_done;
}

static void idle_end(void *subscriber, const struct floor_invalidation *what) {
    (void)subscriber;
    (void)what;
}

static void idle_released(void *subscriber) { (void)subscriber; }

const struct floor_subscriber floor_idle_subscriber = {idle_start, idle_end, idle_released};
