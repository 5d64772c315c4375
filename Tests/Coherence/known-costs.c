// Operations whose costs are known, for the tool of Benchmarks/coherence: Scripts/check-cost holds what it counts against
// what stands here. Each is played by four cores on two nodes in turn, on a thread of its own, twelve times.
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "CCoherence.h"

enum { CORES = 4, TURNS = 12, RECORDS = 4096 };

static struct {
    _Alignas(64) long word;
    _Alignas(64) long mine[8];
    _Alignas(64) long own[CORES][8];
    _Alignas(64) char wide[128];
} memory;
static int acting;
static struct timespec before, after;

// Inlined: a call through the table of a library would load that table's line.
static inline __attribute__((always_inline)) void call(long number) {
    __asm__ volatile("syscall" : "+a"(number) : "D"(0L), "S"(0L), "d"(0L) : "rcx", "r11", "memory");
}

#define OPERATION(name, body) \
    static __attribute__((noinline)) void name(void) { body }

OPERATION(nothing, )
OPERATION(load, __asm__ volatile("mov %0, %%rax" ::"m"(memory.word) : "rax");)
OPERATION(store, __asm__ volatile("movq $1, %0" : "=m"(memory.word));)
// One instruction that reads and writes takes its line once, locked or not.
OPERATION(add, __asm__ volatile("addq $1, %0" : "+m"(memory.word));)
OPERATION(locked_add, __asm__ volatile("lock addq $1, %0" : "+m"(memory.word));)
OPERATION(exchange_add, __asm__ volatile("lock xaddq %%rax, %0" : "+m"(memory.word)::"rax");)
OPERATION(exchange, __asm__ volatile("xchgq %%rax, %0" : "+m"(memory.word)::"rax");)
OPERATION(compare_exchange, __asm__ volatile("lock cmpxchgq %%rdx, %0" : "+m"(memory.word)::"rax");)
// Two instructions take it twice, unless the first asks for it to own it.
OPERATION(load_then_store, __asm__ volatile("mov %0, %%rax; movq $1, %0" : "+m"(memory.word)::"rax");)
OPERATION(prefetch_load_store,
          __asm__ volatile("prefetchw %0; mov %0, %%rax; movq $1, %0" : "+m"(memory.word)::"rax");)
OPERATION(prefetch_indexed, __asm__ volatile("mov %0, %%rdi; mov $2, %%r9; prefetchw -16(%%rdi,%%r9,8); movq $1, (%%rdi)" ::"r"(
                                                 &memory.word)
                                             : "rdi", "r9", "memory");)
// Words of their own in a line for all, and in lines of their own.
OPERATION(false_sharing, memory.mine[acting] = 1;)
OPERATION(own_line, memory.own[acting][0] = 1;)
OPERATION(two_lines, __asm__ volatile("movq $1, %0" : "=m"(*(long *)(memory.wide + 60)));)
OPERATION(fence, __asm__ volatile("mfence");)
OPERATION(barrier, call(SYS_membarrier);)
OPERATION(call_system, call(SYS_getppid);)

static const struct {
    const char *name;
    void (*body)(void);
} operations[] = {
    {"nothing", nothing}, {"load", load}, {"store", store}, {"add", add}, {"locked_add", locked_add},
    {"exchange_add", exchange_add}, {"exchange", exchange}, {"compare_exchange", compare_exchange},
    {"load_then_store", load_then_store}, {"prefetch_load_store", prefetch_load_store},
    {"prefetch_indexed", prefetch_indexed}, {"false_sharing", false_sharing}, {"own_line", own_line},
    {"two_lines", two_lines}, {"fence", fence}, {"barrier", barrier}, {"call_system", call_system},
};

static sem_t turns[CORES + 1];
static void (*body)(void);

static void *play(void *number) {
    int core = (int)(long)number;
    for (int turn = 0; turn < TURNS / CORES; turn++) {
        sem_wait(&turns[core]);
        acting = core;
        coherence_request(COHERENCE_BEGIN, (uint64_t)core, (uint64_t)(core / 2), 0);
        body();
        coherence_request(COHERENCE_END, 0, 0, 0);
        sem_post(&turns[core + 1 < CORES ? core + 1 : turn + 1 < TURNS / CORES ? 0 : CORES]);
    }
    return NULL;
}

int main(void) {
    static struct coherence_record records[RECORDS];
    for (int core = 0; core <= CORES; core++) sem_init(&turns[core], 0, 0);
    for (unsigned i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (!coherence_request(COHERENCE_RESET, 0, 0, 0)) return 2;
        body = operations[i].body;
        pthread_t threads[CORES];
        for (long core = 0; core < CORES; core++) pthread_create(&threads[core], NULL, play, (void *)core);
        sem_post(&turns[0]);
        sem_wait(&turns[CORES]);
        for (int core = 0; core < CORES; core++) pthread_join(threads[core], NULL);
        uint64_t count = coherence_request(COHERENCE_COUNTS, (uint64_t)records, RECORDS, 0);
        struct coherence_record sum = {0};
        for (uint64_t each = 0; each < count; each++) {
            sum.instructions += records[each].instructions;
            sum.locked += records[each].locked;
            sum.fences += records[each].fences;
            sum.barriers += records[each].barriers;
            sum.system_calls += records[each].system_calls;
            sum.from_core += records[each].from_core;
            sum.from_node += records[each].from_node;
        }
        printf("%s locked %lu fences %lu barriers %lu calls %lu near %lu far %lu\n", operations[i].name, (unsigned long)sum.locked,
               (unsigned long)sum.fences, (unsigned long)sum.barriers, (unsigned long)sum.system_calls,
               (unsigned long)sum.from_core, (unsigned long)sum.from_node);
    }
    // The clock is the tool's: a look takes a microsecond, and nothing else passes in between.
    clock_gettime(CLOCK_MONOTONIC, &before);
    usleep(20000);
    clock_gettime(CLOCK_MONOTONIC, &after);
    printf("clock %ld ns\n", (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec);
    return 0;
}
