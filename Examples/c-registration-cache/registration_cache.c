// A registration cache: get() answers with what the device holds of a page, and registers the page where it holds nothing.
// A thread maps other memory over the pages meanwhile, and none of its registrations may outlive that.
//
// Documentation/C.md says how to build it.
#include <errno.h>
#include <notifierdispatch.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { PAGES = 64, PAGE_SIZE = 4096, ROUNDS = 20000 };

static char *memory;                  // what is registered
static uint64_t registrations[PAGES]; // what the device holds of each page; 0 for nothing
static uint64_t mapped_last[PAGES];   // which mapping of a page has been completed, counted from 1
static nd_space *space;
static nd_subscription *cache;

static void require(int error, const char *what) {
    if (error == 0) return;
    fprintf(stderr, "registration_cache: %s: error %d\n", what, error);
    exit(1);
}

// The device lets go of the pages: they are about to become others.
static void drop(void *context, uint64_t start_page, uint64_t end_page) {
    (void)context;
    for (uint64_t page = start_page; page < end_page; page++) __atomic_store_n(&registrations[page], 0, __ATOMIC_RELEASE);
}

// Stands for ibv_reg_mr: the device looks up what memory is there, which its first word tells. 0 while there is none yet.
static uint64_t register_page(uint64_t page) {
    return __atomic_load_n((uint64_t *)(memory + page * PAGE_SIZE), __ATOMIC_ACQUIRE);
}

static uint64_t get(uint64_t page) {
    uint64_t registration = __atomic_load_n(&registrations[page], __ATOMIC_ACQUIRE);
    if (registration != 0) return registration;
    struct nd_ticket ticket;
    nd_ticket_init(&ticket);
    int error;
    do {
        if ((error = nd_fault_begin(cache, page, &ticket)) != 0) break;
        if ((registration = register_page(page)) == 0) return nd_fault_abort(&ticket), 0;
    } while ((error = nd_fault_commit(&ticket, &registrations[page], registration)) == EAGAIN);
    return error == 0 ? registration : 0;
}

static void *map_again_and_again(void *unused) {
    struct nd_section section;
    nd_section_init(&section);
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        uint64_t page = round % PAGES;
        require(nd_invalidate_start(space, page, page + 1, ND_EVENT_UNMAP, &section), "start");
        void *mapped = mmap(memory + page * PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        if (mapped == MAP_FAILED) require(errno, "mmap");
        __atomic_store_n((uint64_t *)mapped, round, __ATOMIC_RELEASE);
        require(nd_invalidate_end(&section), "end");
        __atomic_store_n(&mapped_last[page], round, __ATOMIC_RELEASE);
    }
    return unused;
}

int main(int count, char **arguments) {
    memory = mmap(NULL, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) require(errno, "mmap");
    require(nd_space_create(&space), "space");
    struct nd_subscribe_options options = {
        .size = sizeof options, .guard = count > 1 ? arguments[1] : "adaptive", .end_page = PAGES, .drop = drop};
    require(nd_subscribe(space, &options, &cache), options.guard);

    pthread_t mapper;
    require(pthread_create(&mapper, NULL, map_again_and_again, NULL), "thread");
    uint64_t gets = 0, hits = 0, last = (ROUNDS / PAGES - 1) * PAGES;
    for (; __atomic_load_n(&mapped_last[0], __ATOMIC_ACQUIRE) < last; gets++) {
        uint64_t page = gets / 2 % PAGES; // twice: the second may be a hit
        uint64_t before = __atomic_load_n(&mapped_last[page], __ATOMIC_ACQUIRE), registration = get(page);
        hits += registration != 0;
        if (registration != 0 && registration < before) {
            fprintf(stderr, "registration_cache: a stale registration of page %d\n", (int)page);
            return 1;
        }
    }
    require(pthread_join(mapper, NULL), "join");
    require(nd_unsubscribe(cache), "unsubscribe");
    require(nd_subscription_free(cache), "free");
    require(nd_space_destroy(space), "destroy");
    munmap(memory, PAGES * PAGE_SIZE);
    printf("%d mappings, %llu gets, %llu of them registered, none stale\n", ROUNDS, (unsigned long long)gets,
           (unsigned long long)hits);
    return 0;
}
