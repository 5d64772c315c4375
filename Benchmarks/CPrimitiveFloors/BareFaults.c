// The least that the storm's `unprotected` can cost: a page table and a shadow table of 65,536 words, pages drawn at random,
// and for each a load from the one and a store to the other. No check, no outcome, no clock.
#include "CPrimitiveFloors.h"

#include "CacheLine.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { page_count = 65536 };

struct floor_bare_faults {
    uint64_t random;
    _Atomic uint64_t *table;
    _Atomic uint64_t *shadow;
};

struct floor_bare_faults *floor_bare_faults_create(void) {
    struct floor_bare_faults *faults = malloc(sizeof *faults);
    if (faults == NULL) {
        abort();
    }
    const size_t bytes = page_count * sizeof(uint64_t);
    *faults = (struct floor_bare_faults){1, floor_allocate_lines(bytes), floor_allocate_lines(bytes)};
    for (size_t page = 0; page < page_count; page++) {
        atomic_store_explicit(&faults->table[page], page + 1, memory_order_relaxed);
        atomic_store_explicit(&faults->shadow[page], 0, memory_order_relaxed);
    }
    return faults;
}

void floor_bare_faults_destroy(struct floor_bare_faults *faults) {
    free(faults->table);
    free(faults->shadow);
    free(faults);
}

uint64_t floor_bare_faults_translation(const struct floor_bare_faults *faults, size_t page) {
    return atomic_load_explicit(&faults->shadow[page], memory_order_relaxed);
}

// The storm's own generator, so that what is drawn costs the same on both sides.
static inline uint64_t next_random(uint64_t *state) {
    *state += 0xa0761d6478bd642f;
    const unsigned __int128 product = (unsigned __int128)*state * (*state ^ 0xe7037ed1a0b428db);
    return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

uint64_t floor_bare_faults_loop(struct floor_bare_faults *faults, uint64_t count) {
    uint64_t random = faults->random;
    _Atomic uint64_t *const table = faults->table;
    _Atomic uint64_t *const shadow = faults->shadow;
    for (uint64_t round = 0; round < count; round++) {
        const size_t page = ((next_random(&random) >> 32) * page_count) >> 32;
        const uint64_t translation = atomic_load_explicit(&table[page], memory_order_acquire);
        atomic_store_explicit(&shadow[page], translation, memory_order_relaxed);
    }
    faults->random = random;
    return count;
}
