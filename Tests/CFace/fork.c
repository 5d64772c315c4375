// Forks while threads fault and invalidate: the child finds empty caches and no open section, goes on with all that the
// parent can do, and ends. A child or a parent that hangs is ended by its alarm.
#define _GNU_SOURCE
#include "face.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FORKS = 40, ALARM_SECONDS = 30 };

static nd_space *space;
static struct cache caches[GUARDS];
static int here; // how many guards there are here
static int stop;

static void fault(struct cache *cache, uint64_t page, uint64_t value) {
    struct nd_ticket ticket;
    nd_ticket_init(&ticket);
    int error;
    do {
        error = nd_fault_begin(cache->subscription, page, &ticket);
        if (error != 0) break;
    } while ((error = nd_fault_commit(&ticket, &cache->slots[page], value)) == EAGAIN);
    if (error != 0 && error != EBUSY) EXPECT(0, error);
}

static void *fault_on(void *unused) {
    for (uint64_t page = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); page = (page + 1) % PAGES) {
        for (int i = 0; i < here; i++) fault(&caches[i], page, page + 1);
    }
    return unused;
}

static void *invalidate_on(void *unused) {
    struct nd_section section;
    nd_section_init(&section);
    for (uint64_t page = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); page = (page + 7) % PAGES) {
        EXPECT(0, nd_invalidate_start(space, page, page + 1, ND_EVENT_UNMAP, &section));
        EXPECT(0, nd_invalidate_end(&section));
    }
    return unused;
}

static void *fault_once(void *unused) {
    for (int i = 0; i < here; i++) fault(&caches[i], 3, 33);
    return unused;
}

// `open` is a section that the parent has open, which is not open here.
static void live_as_child(struct nd_section *open) {
    alarm(ALARM_SECONDS);
    EXPECT(0, nd_invalidate_end(open));
    for (int i = 0; i < here; i++) {
        for (uint64_t page = 0; page < PAGES; page++) EXPECT(0, (int)slot(&caches[i], page));
    }
    pthread_t other;
    EXPECT(0, pthread_create(&other, NULL, fault_once, NULL));
    EXPECT(0, pthread_join(other, NULL));
    for (int i = 0; i < here; i++) EXPECT(33, (int)slot(&caches[i], 3));
    struct nd_section section;
    nd_section_init(&section);
    EXPECT(0, nd_invalidate_start(space, 0, PAGES, ND_EVENT_UNMAP, &section));
    for (int i = 0; i < here; i++) EXPECT(0, (int)slot(&caches[i], 3));
    EXPECT(0, nd_invalidate_end(&section));
    for (int i = 0; i < here; i++) unsubscribe(&caches[i]);
    EXPECT(0, nd_space_destroy(space));
    _exit(0);
}

int main(void) {
    alarm(2 * ALARM_SECONDS);
    EXPECT(0, nd_space_create(&space));
    for (int i = 0; i < GUARDS; i++) here += subscribe(space, guards[i], &caches[here]);
    pthread_t faulters[2], invalidator;
    for (int i = 0; i < 2; i++) EXPECT(0, pthread_create(&faulters[i], NULL, fault_on, NULL));
    EXPECT(0, pthread_create(&invalidator, NULL, invalidate_on, NULL));
    for (int i = 0; i < FORKS; i++) {
        struct nd_section open;
        nd_section_init(&open);
        EXPECT(0, nd_invalidate_start(space, 5, 6, ND_EVENT_CLEAR, &open));
        pid_t child = fork();
        if (child == 0) live_as_child(&open);
        EXPECT(0, nd_invalidate_end(&open));
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
            fprintf(stderr, "fork %d: the child ended with status %#x\n", i, status);
            return 1;
        }
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++) EXPECT(0, pthread_join(faulters[i], NULL));
    EXPECT(0, pthread_join(invalidator, NULL));
    for (int i = 0; i < here; i++) unsubscribe(&caches[i]);
    EXPECT(0, nd_space_destroy(space));
    printf("%d forks under load, %d guards\n", FORKS, here);
    return 0;
}
