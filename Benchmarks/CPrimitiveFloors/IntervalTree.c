#include "IntervalTree.h"

#define MAX(one, other) ((one) > (other) ? (one) : (other))

typedef struct floor_interval_node node_t;

bool floor_interval_tree_overlaps(const node_t *root, int64_t start_page, int64_t end_page) {
    // One path is enough: where the left subtree ends behind the range's start and yet has no hit, the interval that ends
    // there starts behind the range, and so does everything to the right of it.
    for (const node_t *node = root; node != NULL && node->maximum_end > start_page;) {
        if (node->left != NULL && node->left->maximum_end > start_page) {
            node = node->left;
        } else if (node->start_page >= end_page) {
            return false;
        } else if (node->end_page > start_page) {
            return true;
        } else {
            node = node->right;
        }
    }
    return false;
}

// MARK: Balance

static int32_t height(const node_t *subtree) { return subtree == NULL ? 0 : subtree->height; }

static int64_t maximum_end(const node_t *subtree) { return subtree == NULL ? 0 : subtree->maximum_end; }

static void summarise(node_t *node) {
    node->height = 1 + MAX(height(node->left), height(node->right));
    const int64_t children = MAX(maximum_end(node->left), maximum_end(node->right));
    node->maximum_end = MAX(node->end_page, children);
}

static node_t *rotated_right(node_t *top) {
    node_t *left = top->left;
    top->left = left->right;
    left->right = top;
    summarise(top);
    summarise(left);
    return left;
}

static node_t *rotated_left(node_t *top) {
    node_t *right = top->right;
    top->right = right->left;
    right->left = top;
    summarise(top);
    summarise(right);
    return right;
}

// The subtree of `top`, whose children are right and differ by at most two in height, made right itself.
static node_t *restored(node_t *top) {
    const int32_t lean = height(top->left) - height(top->right);
    if (lean > 1) {
        if (height(top->left->left) < height(top->left->right)) {
            top->left = rotated_left(top->left);
        }
        return rotated_right(top);
    }
    if (lean < -1) {
        if (height(top->right->right) < height(top->right->left)) {
            top->right = rotated_right(top->right);
        }
        return rotated_left(top);
    }
    summarise(top);
    return top;
}

static bool is_before(const node_t *one, const node_t *other) {
    return one->start_page != other->start_page ? one->start_page < other->start_page
                                                : (uintptr_t)one < (uintptr_t)other;
}

node_t *floor_interval_tree_insert(node_t *node, node_t *subtree) {
    if (subtree == NULL) {
        return restored(node);
    }
    if (is_before(node, subtree)) {
        subtree->left = floor_interval_tree_insert(node, subtree->left);
    } else {
        subtree->right = floor_interval_tree_insert(node, subtree->right);
    }
    return restored(subtree);
}

static node_t *remove_first(node_t *subtree, node_t **first) {
    if (subtree->left == NULL) {
        *first = subtree;
        return subtree->right;
    }
    subtree->left = remove_first(subtree->left, first);
    return restored(subtree);
}

node_t *floor_interval_tree_remove(node_t *node, node_t *subtree) {
    if (subtree == NULL) {
        __builtin_trap();
    }
    if (subtree == node) {
        if (node->left == NULL) {
            return node->right;
        }
        if (node->right == NULL) {
            return node->left;
        }
        node_t *first;
        node_t *rest = remove_first(node->right, &first);
        first->left = node->left;
        first->right = rest;
        return restored(first);
    }
    if (is_before(node, subtree)) {
        subtree->left = floor_interval_tree_remove(node, subtree->left);
    } else {
        subtree->right = floor_interval_tree_remove(node, subtree->right);
    }
    return restored(subtree);
}
