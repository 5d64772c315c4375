#include "IntervalSet.h"

// Relaxed accesses in this file: under the lock, which orders them.
#define LOAD(word) atomic_load_explicit(&(word), memory_order_relaxed)
#define STORE(word, value) atomic_store_explicit(&(word), (value), memory_order_relaxed)

// MARK: Dispatch

// Calls the subscribers of the range in order. False, at once, where one would block and the invalidation may not.
static bool call_subscribers(
    struct floor_interval_node *node, const struct floor_invalidation *what, uint64_t sequence) {
    if (node == NULL || node->maximum_end <= what->start_page) {
        return true;
    }
    if (!call_subscribers(node->left, what, sequence)) {
        return false;
    }
    if (node->start_page >= what->end_page) {
        return true;
    }
    if (node->end_page > what->start_page) {
        if (node->start(node, what, sequence) == floor_would_block) {
            if (!what->is_blockable) {
                return false;
            }
        } else {
            const uint64_t recorded = LOAD(node->sequence);
            if (recorded != sequence && !(recorded & FLOOR_INTERVAL_DEAD_BIT)) {
                __builtin_trap();
            }
        }
    }
    return call_subscribers(node->right, what, sequence);
}

bool floor_interval_set_start(struct floor_interval_set *set, const struct floor_invalidation *what) {
    floor_small_lock_lock(&set->state.lock);
    STORE(set->state.active, LOAD(set->state.active) + 1);
    const uint64_t sequence = LOAD(set->state.sequence) | 1;
    const bool is_watched = floor_interval_tree_overlaps(set->state.root, what->start_page, what->end_page);
    if (is_watched) {
        // Releasing: pairs with the acquiring load in floor_interval_begin_if_idle_lock_free.
        atomic_store_explicit(&set->state.sequence, sequence, memory_order_release);
    }
    floor_small_lock_unlock(&set->state.lock);
    if (is_watched && !call_subscribers(set->state.root, what, sequence)) {
        floor_interval_set_end(set);
        return false;
    }
    return true;
}

static __attribute__((noinline)) void wake_sleepers(struct floor_interval_set *set) {
    pthread_mutex_lock(&set->sleepers.mutex);
    pthread_cond_broadcast(&set->sleepers.condition);
    pthread_mutex_unlock(&set->sleepers.mutex);
}

void floor_interval_set_end(struct floor_interval_set *set) {
    floor_small_lock_lock(&set->state.lock);
    const int64_t active = LOAD(set->state.active) - 1;
    if (active < 0) {
        __builtin_trap();
    }
    STORE(set->state.active, active);
    const uint64_t sequence = LOAD(set->state.sequence);
    if (active != 0 || !(sequence & 1)) {
        floor_small_lock_unlock(&set->state.lock);
        return;
    }
    // Sequentially consistent: releases the change of the pages, and stands before the look at the sleepers.
    atomic_exchange_explicit(&set->state.sequence, (sequence + 1) & ~FLOOR_INTERVAL_DEAD_BIT, memory_order_seq_cst);
    floor_small_lock_unlock(&set->state.lock);
    if (atomic_load_explicit(&set->sleepers.waiters, memory_order_seq_cst) != 0) {
        wake_sleepers(set);
    }
}

// MARK: Membership

struct floor_interval_node *floor_interval_node_create(
    int64_t start_page, int64_t end_page, void *subscriber, const struct floor_interval_subscriber *functions) {
    struct floor_interval_node *node = floor_allocate_lines(sizeof *node);
    node->start_page = start_page;
    node->end_page = end_page;
    node->subscriber = subscriber;
    node->start = functions->start;
    return node;
}

void floor_interval_set_insert(struct floor_interval_set *set, struct floor_interval_node *node) {
    node->left = NULL;
    node->right = NULL;
    floor_small_lock_lock(&set->state.lock);
    if (LOAD(set->state.active) != 0) {
        __builtin_trap();
    }
    STORE(node->sequence, (LOAD(set->state.sequence) - 1) & ~FLOOR_INTERVAL_DEAD_BIT);
    set->state.root = floor_interval_tree_insert(node, set->state.root);
    floor_small_lock_unlock(&set->state.lock);
}

void floor_interval_set_remove(struct floor_interval_set *set, struct floor_interval_node *node) {
    floor_small_lock_lock(&set->state.lock);
    if (LOAD(set->state.sequence) & 1) {
        __builtin_trap();
    }
    set->state.root = floor_interval_tree_remove(node, set->state.root);
    floor_small_lock_unlock(&set->state.lock);
    // Sequentially consistent: stands before the look at the sleepers.
    atomic_fetch_or_explicit(&node->sequence, FLOOR_INTERVAL_DEAD_BIT, memory_order_seq_cst);
    if (atomic_load_explicit(&set->sleepers.waiters, memory_order_seq_cst) != 0) {
        wake_sleepers(set);
    }
}

struct floor_interval_set *floor_interval_set_create(void) {
    struct floor_interval_set *set = floor_allocate_lines(sizeof *set);
    STORE(set->state.sequence, 2);
    pthread_mutex_init(&set->sleepers.mutex, NULL);
    pthread_cond_init(&set->sleepers.condition, NULL);
    return set;
}

static void free_subtree(struct floor_interval_node *node) {
    if (node != NULL) {
        free_subtree(node->left);
        free_subtree(node->right);
        free(node);
    }
}

void floor_interval_set_destroy(struct floor_interval_set *set) {
    free_subtree(set->state.root);
    pthread_cond_destroy(&set->sleepers.condition);
    pthread_mutex_destroy(&set->sleepers.mutex);
    free(set);
}

// MARK: Subscribers

void *floor_interval_subscriber_of(const struct floor_interval_node *node) { return node->subscriber; }

void floor_interval_record_locked(struct floor_interval_node *node, uint64_t sequence) {
    floor_small_lock_lock(&node->lock);
    floor_interval_record(node, sequence);
    floor_small_lock_unlock(&node->lock);
}

static enum floor_response idle_start(
    struct floor_interval_node *node, const struct floor_invalidation *what, uint64_t sequence) {
    (void)what;
    floor_interval_record_locked(node, sequence);
    return floor_done;
}

const struct floor_interval_subscriber floor_idle_interval_subscriber = {idle_start};
