// Page faults of plain memory, for Scripts/check-live: each thread maps an area of its own, writes to each page of it, drops
// it as a whole, and begins again, in the manner of will-it-scale's page_fault1. The time counts in which pages are written
// to; the dropping does not.
//
// Usage: page-faults THREADS PAGES MILLISECONDS. Prints the faults a second of all threads.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { page_size = 4096, most_threads = 256 };

struct faulter {
    pthread_t thread;
    int processor;
    size_t pages;
    double faults_per_second;
};

// 0: all wait. 1: warm up. 2: count. 3: leave.
static atomic_int phase;
static atomic_int ready;

static uint64_t nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void *run(void *context) {
    struct faulter *faulter = context;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(faulter->processor, &set);
    sched_setaffinity(0, sizeof set, &set);
    size_t bytes = faulter->pages * page_size;
    // One page more, out of reach: areas of two threads stay mappings of their own.
    char *area = mmap(NULL, bytes + page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED || mprotect(area + bytes, page_size, PROT_NONE) != 0) {
        perror("page-faults: mmap");
        exit(2);
    }
    madvise(area, bytes, MADV_NOHUGEPAGE);
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&phase) == 0) sched_yield();
    uint64_t faults = 0, time = 0;
    for (;;) {
        int before = atomic_load(&phase);
        if (before == 3) break;
        uint64_t start = nanoseconds();
        for (size_t byte = 0; byte < bytes; byte += page_size) ((volatile char *)area)[byte] = 1;
        uint64_t end = nanoseconds();
        // Passes that lie in the window as a whole count.
        if (before == 2 && atomic_load(&phase) == 2) {
            faults += faulter->pages;
            time += end - start;
        }
        if (madvise(area, bytes, MADV_DONTNEED) != 0) {
            perror("page-faults: madvise");
            exit(2);
        }
    }
    faulter->faults_per_second = time == 0 ? 0 : (double)faults * 1e9 / (double)time;
    munmap(area, bytes + page_size);
    return NULL;
}

int main(int count, char **words) {
    long threads = count == 4 ? atol(words[1]) : 0, pages = count == 4 ? atol(words[2]) : 0;
    long milliseconds = count == 4 ? atol(words[3]) : 0;
    if (threads < 1 || threads > most_threads || pages < 1 || milliseconds < 1) {
        fprintf(stderr, "usage: page-faults THREADS PAGES MILLISECONDS, each 1 or above, and at most 256 threads\n");
        return 2;
    }
    cpu_set_t allowed;
    sched_getaffinity(0, sizeof allowed, &allowed);
    static struct faulter faulters[most_threads];
    for (long number = 0, processor = -1; number < threads; number++) {
        do processor = (processor + 1) % CPU_SETSIZE;
        while (!CPU_ISSET(processor, &allowed));
        faulters[number].processor = (int)processor;
        faulters[number].pages = (size_t)pages;
        if (pthread_create(&faulters[number].thread, NULL, run, &faulters[number]) != 0) {
            perror("page-faults: pthread_create");
            return 2;
        }
    }
    while (atomic_load(&ready) < threads) usleep(100);
    atomic_store(&phase, 1);
    usleep(20000);
    atomic_store(&phase, 2);
    usleep((useconds_t)milliseconds * 1000);
    atomic_store(&phase, 3);
    double sum = 0;
    for (long number = 0; number < threads; number++) {
        pthread_join(faulters[number].thread, NULL);
        sum += faulters[number].faults_per_second;
    }
    printf("%.0f\n", sum);
    return 0;
}
