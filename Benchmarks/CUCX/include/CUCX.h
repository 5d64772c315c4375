// UCX's registration cache (ucs_rcache) behind a C face, and its loops: in C, as UCX's own users call it. Only the benchmark
// uses it.
//
// Its memory events are on: UCX patches munmap and its kin of the process. What shall not go through these hooks uses
// the two system calls below.
#ifndef CUCX_H
#define CUCX_H

#include <stdint.h>

struct cucx_cache;

// A cache that keeps so many regions at most. NULL, and a line on stderr, if UCX refuses.
struct cucx_cache *_Nullable cucx_create(uint64_t maximum_regions);
void cucx_destroy(struct cucx_cache *_Nonnull cache);

// Gets and puts a region of one page, `count` times: region after region of the `regions` that begin two pages apart from
// `base`, in a random order given by `seed`. Returns how many were of the memory that was asked for.
uint64_t cucx_hits(
    struct cucx_cache *_Nonnull cache, uintptr_t base, uint64_t regions, uint64_t seed, uint64_t count);

// The same in the order of addresses.
uint64_t cucx_walk(struct cucx_cache *_Nonnull cache, uintptr_t base, uint64_t regions, uint64_t start, uint64_t count);

// Gets a page that is not registered, invalidates its region, and puts it, so often.
uint64_t cucx_lives(struct cucx_cache *_Nonnull cache, uintptr_t base, uint64_t count);

// Maps a fresh page over the address, gets and puts its region, and unmaps it again, through UCX's hooks. Returns 0, or an errno.
int cucx_remap(struct cucx_cache *_Nonnull cache, uintptr_t address);

// How many registrations were made, and how many taken back.
uint64_t cucx_registered(const struct cucx_cache *_Nonnull cache);
uint64_t cucx_deregistered(const struct cucx_cache *_Nonnull cache);

// mmap(2) of a fresh page over the address, and munmap(2) of one, as system calls. Return 0, or an errno.
int cucx_map_page(uintptr_t address);
int cucx_unmap_page(uintptr_t address);

// The page after `position` in the random order, for loops elsewhere that shall do the same.
static inline uint64_t cucx_next(uint64_t *_Nonnull position, uint64_t regions) {
    *position = *position * 6364136223846793005u + 1442695040888963407u;
    return (*position >> 32) * regions >> 32;
}

#endif
