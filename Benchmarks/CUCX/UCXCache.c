#define _GNU_SOURCE
#include "CUCX.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucm/api/ucm.h>
#include <ucs/memory/rcache.h>
#include <unistd.h>

enum { page_size = 4096, stride = 2 * page_size };

struct cucx_cache {
    ucs_rcache_t *cache;
    // The device's books. UCX registers with its lock held, and deregisters on any thread.
    _Atomic uint64_t registered;
    _Atomic uint64_t deregistered;
};

// As large a structure as UCX's users make it: a key beside the region.
struct region {
    ucs_rcache_region_t super;
    uint64_t key;
};

static ucs_status_t register_region(
    void *context, ucs_rcache_t *cache, void *argument, ucs_rcache_region_t *region, uint16_t flags) {
    struct cucx_cache *self = context;
    ((struct region *)region)->key = ++self->registered;
    return UCS_OK;
}

static void deregister_region(void *context, ucs_rcache_t *cache, ucs_rcache_region_t *region) {
    ((struct cucx_cache *)context)->deregistered++;
}

static void dump_region(void *context, ucs_rcache_t *cache, ucs_rcache_region_t *region, char *text, size_t size) {
    snprintf(text, size, "key %llu", (unsigned long long)((struct region *)region)->key);
}

struct cucx_cache *cucx_create(uint64_t maximum_regions) {
    static const ucs_rcache_ops_t operations = {
        .mem_reg = register_region, .mem_dereg = deregister_region, .dump_region = dump_region};
    struct cucx_cache *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    ucs_rcache_params_t parameters = {
        .region_struct_size = sizeof(struct region),
        .alignment = UCS_RCACHE_MIN_ALIGNMENT,
        .max_alignment = page_size,
        .ucm_events = UCM_EVENT_VM_UNMAPPED,
        .ucm_event_priority = 1000,
        .ops = &operations,
        .context = self,
        .flags = UCS_RCACHE_FLAG_NO_PFN_CHECK,
        .max_regions = maximum_regions,
        .max_size = SIZE_MAX,
        .max_unreleased = SIZE_MAX,
    };
    ucs_status_t status = ucs_rcache_create(&parameters, "benchmark", NULL, &self->cache);
    if (status != UCS_OK) {
        fprintf(stderr, "registration-cache: UCX makes no registration cache here: %s\n", ucs_status_string(status));
        free(self);
        return NULL;
    }
    return self;
}

void cucx_destroy(struct cucx_cache *self) {
    ucs_rcache_destroy(self->cache);
    free(self);
}

static inline uint64_t get_and_put(struct cucx_cache *self, uintptr_t address) {
    ucs_rcache_region_t *region;
    if (ucs_rcache_get(self->cache, (void *)address, page_size, PROT_READ | PROT_WRITE, NULL, &region) != UCS_OK) return 0;
    uint64_t is_right = region->super.start == address;
    ucs_rcache_region_put(self->cache, region);
    return is_right;
}

uint64_t cucx_hits(struct cucx_cache *self, uintptr_t base, uint64_t regions, uint64_t seed, uint64_t count) {
    uint64_t right = 0;
    for (uint64_t round = 0; round < count; round++)
        right += get_and_put(self, base + cucx_next(&seed, regions) * stride);
    return right;
}

uint64_t cucx_walk(struct cucx_cache *self, uintptr_t base, uint64_t regions, uint64_t start, uint64_t count) {
    uint64_t right = 0;
    for (uint64_t round = 0; round < count; round++)
        right += get_and_put(self, base + (start + round) % regions * stride);
    return right;
}

static void invalidated(void *argument) {}

uint64_t cucx_lives(struct cucx_cache *self, uintptr_t base, uint64_t count) {
    uint64_t right = 0;
    for (uint64_t round = 0; round < count; round++) {
        ucs_rcache_region_t *region;
        if (ucs_rcache_get(self->cache, (void *)base, page_size, PROT_READ | PROT_WRITE, NULL, &region) != UCS_OK)
            continue;
        right += region->super.start == base;
        ucs_rcache_region_invalidate(self->cache, region, invalidated, NULL);
        ucs_rcache_region_put(self->cache, region);
    }
    return right;
}

int cucx_remap(struct cucx_cache *self, uintptr_t address) {
    void *page = mmap(
        (void *)address, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (page == MAP_FAILED) return errno;
    if (!get_and_put(self, address)) return EINVAL;
    return munmap(page, page_size) == 0 ? 0 : errno;
}

uint64_t cucx_registered(const struct cucx_cache *self) { return self->registered; }
uint64_t cucx_deregistered(const struct cucx_cache *self) { return self->deregistered; }

int cucx_map_page(uintptr_t address) {
    long page = syscall(
        SYS_mmap, address, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    return page == -1 ? errno : 0;
}

int cucx_unmap_page(uintptr_t address) { return syscall(SYS_munmap, address, page_size) == 0 ? 0 : errno; }
