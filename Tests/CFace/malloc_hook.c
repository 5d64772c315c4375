// Every allocation and free of the process opens and closes a section, and faults, through each guard: none of that may
// allocate, wait for itself, or see another's lock. What the library allocates inside the hook is counted.
#define _GNU_SOURCE
#include "face.h"

#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

enum { THREADS = 3, ROUNDS = 3000, ALARM_SECONDS = 60 };

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t number, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

static nd_space *space;
static struct cache caches[GUARDS];
static int here;
static int is_armed;
static __thread int is_inside, may_register;
static uint64_t hooks, collisions, nested, registrations;

// As long as none has come between, so that a stripe becomes quiet, too.
static void fault_without_section(struct cache *cache, uint64_t page) {
    struct nd_ticket ticket;
    nd_ticket_init(&ticket);
    int error = nd_fault_begin(cache->subscription, page, &ticket);
    if (error == 0) {
        error = nd_fault_commit(&ticket, &cache->slots[page], 3);
        if (error == EAGAIN) EXPECT(0, nd_fault_abort(&ticket));
    }
    if (error != 0 && error != EAGAIN && error != EBUSY) EXPECT(0, error);
}

static void fault_with_section_inside(struct cache *cache, uint64_t page) {
    struct nd_section section;
    struct nd_ticket ticket;
    nd_section_init(&section);
    nd_ticket_init(&ticket);
    int error = nd_fault_begin(cache->subscription, page, &ticket);
    if (error == 0) {
        // A collision for certain, and the slow path with it.
        EXPECT(0, nd_invalidate_start(space, page, page + 1, ND_EVENT_UNMAP, &section));
        EXPECT(0, nd_invalidate_end(&section));
        EXPECT(EAGAIN, nd_fault_commit(&ticket, &cache->slots[page], 1));
        __atomic_add_fetch(&collisions, 1, __ATOMIC_RELAXED);
        error = nd_fault_begin(cache->subscription, page, &ticket);
        if (error == 0) {
            nd_fault_still_valid(&ticket);
            error = nd_fault_commit(&ticket, &cache->slots[page], 2);
            if (error == EAGAIN) EXPECT(0, nd_fault_abort(&ticket));
        }
    }
    if (error != 0 && error != EAGAIN && error != EBUSY) EXPECT(0, error);
}

static void hook(void) {
    if (!__atomic_load_n(&is_armed, __ATOMIC_ACQUIRE)) return;
    if (is_inside) {
        // From inside the library.
        __atomic_add_fetch(may_register ? &registrations : &nested, 1, __ATOMIC_RELAXED);
        return;
    }
    is_inside = 1;
    uint64_t number = __atomic_add_fetch(&hooks, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < here; i++) {
        uint64_t page = (number * 7 + (uint64_t)i) % PAGES;
        if (number % 1024 < 512) {
            fault_with_section_inside(&caches[i], page);
        } else {
            fault_without_section(&caches[i], page);
        }
    }
#ifdef CONTROL
    void *block = malloc(1); // what the library must not do
    free(block);
#endif
    may_register = 0;
    is_inside = 0;
}

void *malloc(size_t size) {
    hook();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    hook();
    return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size) {
    hook();
    return __libc_realloc(block, size);
}

void free(void *block) {
    hook();
    __libc_free(block);
}

// Registered ahead: not one allocation inside. On first use: what glibc needs to note the end of the thread, at most.
static void *allocate(void *is_ahead) {
    if (is_ahead) EXPECT(0, nd_thread_register());
    may_register = !is_ahead;
    for (int i = 0; i < ROUNDS; i++) {
        void *block = malloc(100);
        block = realloc(block, 200);
        free(block);
    }
    return NULL;
}

int main(void) {
    alarm(ALARM_SECONDS);
    EXPECT(0, nd_space_create(&space));
    for (int i = 0; i < GUARDS; i++) here += subscribe(space, guards[i], &caches[here]);
    pthread_t threads[2 * THREADS];
    for (int i = 0; i < 2 * THREADS; i++) {
        // Armed with the first thread: what a thread is made of is allocated by hooked calls, too.
        __atomic_store_n(&is_armed, 1, __ATOMIC_RELEASE);
        EXPECT(0, pthread_create(&threads[i], NULL, allocate, i % 2 == 0 ? &is_armed : NULL));
    }
    for (int i = 0; i < 2 * THREADS; i++) EXPECT(0, pthread_join(threads[i], NULL));
    __atomic_store_n(&is_armed, 0, __ATOMIC_RELEASE);
    for (int i = 0; i < here; i++) unsubscribe(&caches[i]);
    EXPECT(0, nd_space_destroy(space));
    printf("%llu hooked calls, %llu collisions, %d guards: %llu allocations inside, %llu to register %d threads\n",
           (unsigned long long)hooks, (unsigned long long)collisions, here, (unsigned long long)nested,
           (unsigned long long)registrations, THREADS);
    if (hooks < 2 * THREADS * ROUNDS || collisions == 0) return fprintf(stderr, "the hook was not called\n"), 1;
    if (nested != 0) return fprintf(stderr, "%llu allocations inside the hook\n", (unsigned long long)nested), 1;
    if (registrations > THREADS) return fprintf(stderr, "a thread's first use allocates more than once\n"), 1;
    return 0;
}
