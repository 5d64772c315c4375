// The registration cache: hits, misses, limits, what is pinned when its memory goes, refusals; and in a storm of mappings no
// get that began after a mapping was complete returns a registration of the memory before.
#define _GNU_SOURCE
#include "face.h"

#include <pthread.h>
#include <sys/mman.h>

enum { REGIONS = 16, PAGE_SIZE = 4096, ROUNDS = 20000 };

static char *memory;
static uint64_t registered, deregistered, mapped_last[REGIONS];
static int refusal; // what the device answers; 0: it registers

// What the first word of the memory tells.
static int register_memory(void *context, uint64_t address, uint64_t length, uint64_t *registration) {
    EXPECT(1, context == &registered && length % PAGE_SIZE == 0);
    if (refusal != 0) return refusal;
    *registration = __atomic_load_n((uint64_t *)(uintptr_t)address, __ATOMIC_ACQUIRE);
    __atomic_add_fetch(&registered, 1, __ATOMIC_RELAXED);
    return 0;
}

static void deregister_memory(void *context, uint64_t registration, uint64_t address, uint64_t length) {
    (void)context, (void)registration, (void)address, (void)length;
    __atomic_add_fetch(&deregistered, 1, __ATOMIC_RELAXED);
}

static void map_anew(nd_space *space, uint64_t number, uint64_t value) {
    struct nd_section section;
    nd_section_init(&section);
    char *address = memory + number * PAGE_SIZE;
    uint64_t page = (uint64_t)(uintptr_t)address / PAGE_SIZE;
#ifdef CONTROL
    page += REGIONS; // a section over other memory
#endif
    EXPECT(0, nd_invalidate_start(space, page, page + 1, ND_EVENT_UNMAP, &section));
    EXPECT(1, mmap(address, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == address);
    __atomic_store_n((uint64_t *)(void *)address, value, __ATOMIC_RELEASE);
    EXPECT(0, nd_invalidate_end(&section));
    __atomic_store_n(&mapped_last[number], value, __ATOMIC_RELEASE);
}

static void *map_again_and_again(void *space) {
    for (uint64_t round = 1; round <= ROUNDS; round++) map_anew(space, round % REGIONS, 1000 + round);
    return NULL;
}

int main(void) {
    nd_space *space;
    nd_cache *cache;
    struct nd_region first, second;
    struct nd_cache_options options = {.size = sizeof options, .register_memory = register_memory,
                                       .deregister_memory = deregister_memory, .context = &registered};
    memory = mmap(NULL, REGIONS * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(1, memory != MAP_FAILED);
    EXPECT(0, nd_space_create(&space));
    EXPECT(EINVAL, nd_cache_create(NULL, &options, &cache));
    EXPECT(EINVAL, nd_cache_create(space, NULL, &cache));
    EXPECT(EINVAL, nd_cache_create(space, &options, NULL));
    options.page_size = 5000;
    EXPECT(EINVAL, nd_cache_create(space, &options, &cache));
    options.page_size = 0;
    options.maximum_regions = 4;
    EXPECT(0, nd_cache_create(space, &options, &cache));
    EXPECT(EBUSY, nd_space_destroy(space));
    nd_region_init(&first);
    nd_region_init(&second);
    EXPECT(EINVAL, nd_cache_get(NULL, memory, 1, &first));
    EXPECT(EINVAL, nd_cache_get(cache, memory, 0, &first));
    EXPECT(EINVAL, nd_cache_get(cache, memory, 1, NULL));
    EXPECT(EINVAL, nd_cache_get(cache, (void *)(uintptr_t)-1, 1, &first));
    EXPECT(EINVAL, nd_cache_put(&first));
    EXPECT(EINVAL, nd_cache_put(NULL));
    EXPECT(EINVAL, nd_cache_flush(NULL));
    EXPECT(EINVAL, nd_cache_destroy(NULL));

    // A miss, a hit, the device's own refusal.
    map_anew(space, 0, 100);
    EXPECT(0, nd_cache_get(cache, memory + 8, 100, &first));
    EXPECT(1, first.registration == 100 && first.address == (uintptr_t)memory && first.length == PAGE_SIZE);
    EXPECT(EINVAL, nd_cache_get(cache, memory, 1, &first));
    EXPECT(0, nd_cache_get(cache, memory, PAGE_SIZE, &second));
    EXPECT(1, (int)registered);
    EXPECT(0, nd_cache_put(&second));
    EXPECT(EINVAL, nd_cache_put(&second));
    refusal = ENOMEM;
    EXPECT(ENOMEM, nd_cache_get(cache, memory + PAGE_SIZE, 1, &second));
    refusal = 0;

    // Pinned while its memory goes: the next get registers anew, the last put deregisters.
    map_anew(space, 0, 200);
    EXPECT(0, nd_cache_get(cache, memory, 1, &second));
    EXPECT(1, second.registration == 200);
    EXPECT(EBUSY, nd_cache_destroy(cache));
    EXPECT(0, (int)deregistered);
    EXPECT(0, nd_cache_put(&second));
    EXPECT(0, nd_cache_put(&first));
    EXPECT(0, nd_cache_flush(cache));
    EXPECT(1, registered == 2 && deregistered == 2);

    // No more than the limit.
    for (int i = 0; i < REGIONS; i += 2) {
        EXPECT(0, nd_cache_get(cache, memory + i * PAGE_SIZE, 1, &first));
        EXPECT(0, nd_cache_put(&first));
    }
    EXPECT(0, nd_cache_flush(cache));
    EXPECT(1, registered == 2 + REGIONS / 2 && deregistered == registered);
    EXPECT(0, nd_cache_destroy(cache));
    options.maximum_regions = 0;
    EXPECT(0, nd_cache_create(space, &options, &cache));

    pthread_t mapper;
    uint64_t gets = 0;
    EXPECT(0, pthread_create(&mapper, NULL, map_again_and_again, space));
    for (uint64_t i = 0; __atomic_load_n(&mapped_last[0], __ATOMIC_ACQUIRE) < 1000 + ROUNDS / REGIONS * REGIONS; i++, gets++) {
        uint64_t number = i / 2 % REGIONS, before = __atomic_load_n(&mapped_last[number], __ATOMIC_ACQUIRE);
        int error = nd_cache_get(cache, memory + number * PAGE_SIZE, 1, &first);
        if (error == EBUSY) continue; // the mapper lost its processor inside a section, for a second
        EXPECT(0, error);
        // Only what was mapped with its word is told apart; a registration of no word may be of any mapping.
        if (first.registration != 0 && first.registration < before) {
            return fprintf(stderr, "a stale registration: %d of a mapping %d\n", (int)first.registration, (int)before), 1;
        }
        EXPECT(0, nd_cache_put(&first));
    }
    EXPECT(0, pthread_join(mapper, NULL));
    EXPECT(0, nd_cache_destroy(cache));
    EXPECT(1, registered == deregistered);
    EXPECT(0, nd_space_destroy(space));
    printf("%d mappings, %llu gets, %llu registrations, none stale\n", ROUNDS, (unsigned long long)gets,
           (unsigned long long)registered);
    return 0;
}
