// The subscriptions of a space by their ranges: an AVL tree in the order of first pages, in which every node knows the
// last page of its subtree.
#ifndef FLOOR_INTERVALTREE_H
#define FLOOR_INTERVALTREE_H

#include "CPrimitiveFloors.h"
#include "CacheLine.h"
#include "SmallLock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

// One subscription, on a line of its own.
struct floor_interval_node {
    _Atomic uint64_t sequence;    // odd; written with the readers' lock held
    struct floor_small_lock lock; // the readers' lock
    int64_t start_page;
    int64_t end_page;
    int64_t maximum_end;
    int32_t height;
    struct floor_interval_node *left;
    struct floor_interval_node *right;
    void *subscriber;
    enum floor_response (*start)(
        struct floor_interval_node *node, const struct floor_invalidation *what, uint64_t sequence);
} FLOOR_ON_LINES;

struct floor_interval_node *floor_interval_tree_insert(
    struct floor_interval_node *node, struct floor_interval_node *subtree);
// The node is in the tree.
struct floor_interval_node *floor_interval_tree_remove(
    struct floor_interval_node *node, struct floor_interval_node *subtree);
// Whether any interval shares a page with the range.
bool floor_interval_tree_overlaps(const struct floor_interval_node *root, int64_t start_page, int64_t end_page);

#endif
