// What Swift cannot import from Linux and the processor: thin wrappers, no logic.
#ifndef CPLATFORM_H
#define CPLATFORM_H

#include <malloc.h> // mallopt and malloc_trim, which Swift's Glibc leaves out
#include <pthread.h>
#include <stdint.h>

#include "RestartableSequence.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

// What NotifierDispatch knows about the calling thread. Written by its thread registration, by its interval notifiers and,
// in debug builds, by its small lock; everyone else only reads the index.
struct cplatform_thread {
    int32_t index;              // 0 and up; -1 while the thread is not registered
    uint32_t small_locks_held;  // counted in debug builds only, for the rule that nobody waits while holding one
    uint32_t registrations[4];  // nesting depth, one a flavour: memb, mb, qsbr, bp
    uint32_t is_registered_for_good; // 1 once it has registered itself: until it ends
    uint32_t interval_callbacks; // nesting depth of callbacks of interval subscribers
    uint32_t outside_callbacks;  // nesting depth of callbacks of list subscribers that run outside of read sections
    uint32_t installs;           // 1 inside an install or a drop that sections wait for
    uint32_t locked_walks;       // 1 inside a fault of a guard that holds a lock over the walk
    uint32_t deferred_calls;     // 1 inside what liburcu's thread runs after a grace period
    uint32_t is_end_noted;       // 1 once cplatform_at_thread_end was called
    uint32_t is_leaving;         // 1 from then on until the thread's keys have been destructed
    uint32_t fork_mode;          // see ProcessFork; 0 outside of fork
};
// For a shared library: the record is reached through the thread pointer, not by a call of the dynamic linker's, which may
// allocate. Scripts/install defines it.
#ifdef CPLATFORM_INITIAL_EXEC
__attribute__((tls_model("initial-exec")))
#endif
extern __thread struct cplatform_thread cplatform_this_thread;

static inline struct cplatform_thread *_Nonnull cplatform_thread(void) { return &cplatform_this_thread; }
static inline int32_t cplatform_thread_index(void) { return cplatform_this_thread.index; }
static inline uint32_t *_Nonnull cplatform_thread_registrations(int flavour) {
    return &cplatform_this_thread.registrations[flavour];
}

// Has a function run when the calling thread ends, before the destructors of its pthread keys. Returns 0 on success.
int cplatform_at_thread_end(void (*_Nonnull function)(void *_Nullable));

// The kernel's number of the calling thread; a system call.
int32_t cplatform_thread_id(void);

// Names the calling thread for those who look at it from outside; Linux keeps the first 15 bytes.
void cplatform_name_thread(const char *_Nonnull name);

// The processor that the calling thread runs on, or ran on a moment ago.
int cplatform_processor(void);

// Puts the threads that are made with the attributes on one processor. Returns 0, or an errno.
int cplatform_attributes_bind(pthread_attr_t *_Nonnull attributes, int processor);

// A hint to the core that this is a spin loop.
static inline void cplatform_spin_hint(void) {
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb" ::: "memory");
#endif
}

// Stops the compiler, not the processor, from moving memory accesses across it.
static inline void cplatform_compiler_barrier(void) { __asm__ __volatile__("" ::: "memory"); }

// Asks for the cache line of an address with the intent to write, and does not wait for it. A load that follows then
// brings the line in once and for good, where a load and a store would bring it in twice: to read, then to own.
static inline void cplatform_prefetch_for_write(const void *_Nonnull address) {
#if defined(__x86_64__)
    // Not __builtin_prefetch: without a target flag it becomes a prefetch for reading. A no-op where it is unknown.
    __asm__ __volatile__("prefetchw %0" ::"m"(*(const char *)address));
#else
    __builtin_prefetch(address, 1);
#endif
}

// The processor's time stamp counter, in ticks of its own. `rdtscp` waits for earlier instructions to finish.
static inline uint64_t cplatform_ticks(void) {
#if defined(__x86_64__)
    unsigned processor;
    return __rdtscp(&processor);
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ __volatile__("isb; mrs %0, cntvct_el0" : "=r"(ticks)::"memory");
    return ticks;
#endif
}

// The same between two fences: no instruction before it is still under way, and none behind it has begun. For what takes
// a few dozen nanoseconds, of which the processor would otherwise move parts out of the time between two readings.
static inline uint64_t cplatform_ticks_fenced(void) {
#if defined(__x86_64__)
    uint32_t low, high;
    __asm__ __volatile__("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
#elif defined(__aarch64__)
    uint64_t ticks;
    __asm__ __volatile__("isb; mrs %0, cntvct_el0; isb" : "=r"(ticks)::"memory");
    return ticks;
#endif
}

// 1 where the counter ticks at one rate on all cores whatever their frequency (CPUID 0x80000007 EDX bit 8, or Arm's
// generic timer), 0 where it does not.
int cplatform_ticks_are_invariant(void);

// membarrier(2), private and expedited. Both return 0, or an errno.
int cplatform_membarrier_register(void);
int cplatform_membarrier(void);
// membarrier(2), global: slow, but allocates nothing. Returns 0, or an errno.
int cplatform_membarrier_global(void);

// perf_event_open(2) for the calling thread, on any core. `include_kernel` also counts what happens in the kernel, which
// scheduler events need and unprivileged users may be refused. Returns a file descriptor, or -errno.
int cplatform_perf_event_open(uint32_t type, uint64_t config, int include_kernel);

// The same for a group of counters that count together, in user mode only. The leader, opened with -1, stands still until
// it is enabled; the others are opened with its descriptor. A read from the leader gives 64-bit words: how many counters
// there are, for how many nanoseconds they were enabled, for how many of these they ran, and a count of each.
int cplatform_perf_group_open(uint32_t type, uint64_t config, int leader);
// Returns 0, or an errno.
int cplatform_perf_group_enable(int leader);

// What getrusage(2) counts for the calling thread; zeros where it fails.
struct cplatform_thread_usage {
    uint64_t voluntary_switches;   // the thread waited
    uint64_t involuntary_switches; // it lost its core to another one
    uint64_t page_faults;          // minor and major
};
struct cplatform_thread_usage cplatform_read_thread_usage(void);

// Runs so many additions, a multiple of 64, each of which waits for the one before. From register to register such an
// addition takes one cycle on every current core; one of a constant is free on some.
static inline void cplatform_add_chain(uint64_t additions) {
    uint64_t sum = 1;
    uint64_t rounds = additions / 64;
    while (rounds-- != 0) {
#if defined(__x86_64__)
        __asm__ __volatile__(".rept 64\n\tadd %1, %0\n\t.endr" : "+r"(sum) : "r"(additions) : "cc");
#elif defined(__aarch64__)
        __asm__ __volatile__(".rept 64\n\tadd %0, %0, %1\n\t.endr" : "+r"(sum) : "r"(additions));
#endif
    }
}

// Runs so many additions, a multiple of 64, in eight chains that do not wait for each other: as many at once as the core
// has units for them. A thread that shares the core's units gets through about half as many.
static inline void cplatform_add_independently(uint64_t additions) {
    uint64_t a = 1, b = 1, c = 1, d = 1, e = 1, f = 1, g = 1, h = 1;
    uint64_t rounds = additions / 64;
    while (rounds-- != 0) {
#if defined(__x86_64__)
        __asm__ __volatile__(".rept 8\n\tadd %8, %0\n\tadd %8, %1\n\tadd %8, %2\n\tadd %8, %3\n\t"
                             "add %8, %4\n\tadd %8, %5\n\tadd %8, %6\n\tadd %8, %7\n\t.endr"
                             : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g), "+r"(h)
                             : "r"(additions)
                             : "cc");
#elif defined(__aarch64__)
        __asm__ __volatile__(".rept 8\n\tadd %0, %0, %8\n\tadd %1, %1, %8\n\tadd %2, %2, %8\n\tadd %3, %3, %8\n\t"
                             "add %4, %4, %8\n\tadd %5, %5, %8\n\tadd %6, %6, %8\n\tadd %7, %7, %8\n\t.endr"
                             : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g), "+r"(h)
                             : "r"(additions));
#endif
    }
}

#endif
