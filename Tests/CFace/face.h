// What the programs of Scripts/check-c-face share: a cache of one word a page behind a guard.
#ifndef FACE_H
#define FACE_H

#include <errno.h>
#include <notifierdispatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGES = 1024 };

static const char *const guards[] = {
    "adaptive",      "asymmetric", "fenced",   "striped",           "restartable", "kvm",
    "range-counter", "invlock",    "interval", "interval-lockfree", "interval-2m", "interval-2m-lockfree",
};
enum { GUARDS = sizeof guards / sizeof *guards };

#define EXPECT(expected, call)                                                                                            \
    do {                                                                                                                  \
        int answer_ = (call);                                                                                             \
        if (answer_ != (expected)) {                                                                                      \
            fprintf(stderr, "%s:%d: %s: %d, expected %d\n", __FILE__, __LINE__, #call, answer_, (expected));              \
            _Exit(1);                                                                                                     \
        }                                                                                                                 \
    } while (0)

struct cache {
    uint64_t slots[PAGES];
    nd_subscription *subscription;
};

static void drop_slots(void *context, uint64_t start_page, uint64_t end_page) {
    struct cache *cache = context;
    for (uint64_t page = start_page; page < end_page; page++) __atomic_store_n(&cache->slots[page], 0, __ATOMIC_RELEASE);
}

// Subscribes a cache. Returns 0 where the guard is not to be had here.
static inline int subscribe(nd_space *space, const char *guard, struct cache *cache) {
    struct nd_subscribe_options options = {
        .size = sizeof options, .guard = guard, .end_page = PAGES, .drop = drop_slots, .context = cache};
    memset(cache->slots, 0, sizeof cache->slots);
    int error = nd_subscribe(space, &options, &cache->subscription);
    if (error == ENOTSUP && strcmp(guard, "restartable") == 0) return 0;
    EXPECT(0, error);
    return 1;
}

static inline void unsubscribe(struct cache *cache) {
    EXPECT(0, nd_unsubscribe(cache->subscription));
    EXPECT(0, nd_subscription_free(cache->subscription));
}

static inline uint64_t slot(struct cache *cache, uint64_t page) {
    return __atomic_load_n(&cache->slots[page], __ATOMIC_ACQUIRE);
}

#endif
