#include "Pages.h"

static _Atomic uint64_t *words(size_t count) {
    return floor_allocate_lines((count * sizeof(uint64_t) + FLOOR_LINE - 1) / FLOOR_LINE * FLOOR_LINE);
}

struct floor_pages *floor_pages_create(size_t count, double bias_budget) {
    struct floor_pages *pages = malloc(sizeof *pages);
    if (pages == NULL) {
        abort();
    }
    struct section_lock_guard *section_lock = floor_allocate_lines(FLOOR_LINE);
    section_lock->lock = floor_allocate_lines(FLOOR_LINE);
    ck_pflock_init(section_lock->lock);
    struct floor_interval_node *node = floor_allocate_lines(sizeof *node);
    atomic_store_explicit(&node->sequence, 1, memory_order_relaxed);
    *pages = (struct floor_pages){
        count, words(count), words(count), floor_inv_lock_create(), floor_kvm_create(), floor_interval_set_create(),
        section_lock, node, floor_striped_create((int64_t)count, 0), floor_asymmetric_create((int64_t)count),
        floor_adaptive_create((int64_t)count, bias_budget)};
    for (size_t page = 0; page < count; page++) {
        atomic_store_explicit(&pages->table[page], page + 1, memory_order_relaxed);
    }
    return pages;
}

void floor_pages_destroy(struct floor_pages *pages) {
    free(pages->table);
    free(pages->shadow);
    floor_inv_lock_destroy(pages->lock);
    floor_kvm_destroy(pages->kvm);
    floor_interval_set_destroy(pages->set);
    free(pages->section_lock->lock);
    free(pages->section_lock);
    free(pages->node);
    floor_striped_destroy(pages->striped);
    floor_asymmetric_destroy(pages->asymmetric);
    floor_adaptive_destroy(pages->adaptive);
    free(pages);
}

uint64_t floor_pages_translation(const struct floor_pages *pages, size_t page) {
    return atomic_load_explicit(&pages->shadow[page], memory_order_relaxed);
}

struct floor_kvm *floor_pages_kvm(const struct floor_pages *pages) { return pages->kvm; }

const struct floor_striped *floor_pages_striped(const struct floor_pages *pages) { return &pages->striped; }

const struct floor_asymmetric *floor_pages_asymmetric(const struct floor_pages *pages) { return &pages->asymmetric; }

const struct floor_adaptive *floor_pages_adaptive(const struct floor_pages *pages) { return &pages->adaptive; }
