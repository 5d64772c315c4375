// The restartable sequences of CPlatform with a delay between the last look and the store, where nothing can be called: a
// spin of so many rounds. It holds the window open for preemptions, signals and membarriers to abort.
#ifndef SLOW_SEQUENCES_H
#define SLOW_SEQUENCES_H

#include "CPlatform.h"

#if defined(__x86_64__)
// Both ways out leave the flag "equal", which the store expects.
#define RESTARTABLE_SPIN                                                                                              \
    "testq %[rounds], %[rounds]\n\t"                                                                                  \
    "je 7f\n"                                                                                                         \
    "6:\n\t"                                                                                                          \
    "pause\n\t"                                                                                                       \
    "decq %[rounds]\n\t"                                                                                              \
    "jne 6b\n"                                                                                                        \
    "7:\n\t"
#elif defined(__aarch64__)
#define RESTARTABLE_SPIN                                                                                              \
    "cbz %[rounds], 7f\n"                                                                                             \
    "6:\n\t"                                                                                                          \
    "yield\n\t"                                                                                                       \
    "sub %[rounds], %[rounds], #1\n\t"                                                                                \
    "cbnz %[rounds], 6b\n"                                                                                            \
    "7:\n\t"
#endif

// As cplatform_restartable_store.
static inline bool steps_restartable_store(
    ptrdiff_t area, const void *_Nonnull word, uint64_t expected, void *_Nonnull slot, uint64_t value, uint64_t rounds) {
#if defined(RESTARTABLE_COMPARE)
    RESTARTABLE_VARIABLES;
    __asm__ __volatile__(
        RESTARTABLE_COMPARE
        RESTARTABLE_SPIN
        RESTARTABLE_STORE
        : RESTARTABLE_OUTPUTS, [rounds] "+r"(rounds)
        : [area] "r"(area), [word] "r"(word), [expected] "r"(expected), [slot] "r"(slot), [value] "r"(value)
        : RESTARTABLE_CLOBBERS);
    return is_stored != 0;
#else
    return false;
#endif
}

// As cplatform_restartable_store_if_both.
static inline bool steps_restartable_store_if_both(
    ptrdiff_t area, const void *_Nonnull word, uint64_t expected, const void *_Nonnull second, uint64_t expected_second,
    void *_Nonnull slot, uint64_t value, uint64_t rounds) {
#if defined(RESTARTABLE_COMPARE)
    RESTARTABLE_VARIABLES;
    __asm__ __volatile__(
        RESTARTABLE_COMPARE
        RESTARTABLE_COMPARE_SECOND
        RESTARTABLE_SPIN
        RESTARTABLE_STORE
        : RESTARTABLE_OUTPUTS, [rounds] "+r"(rounds)
        : [area] "r"(area), [word] "r"(word), [expected] "r"(expected), [second] "r"(second),
          [expected_second] "r"(expected_second), [slot] "r"(slot), [value] "r"(value)
        : RESTARTABLE_CLOBBERS);
    return is_stored != 0;
#else
    return false;
#endif
}

// Broken: the same without a sequence that the kernel could abort.
static inline bool steps_plain_store(
    const void *_Nonnull word, uint64_t expected, void *_Nonnull slot, uint64_t value, uint64_t rounds) {
    if (__atomic_load_n((const uint64_t *)word, __ATOMIC_RELAXED) != expected) return false;
    for (; rounds > 0; rounds--) cplatform_spin_hint();
    __atomic_store_n((uint64_t *)slot, value, __ATOMIC_RELEASE);
    return true;
}

#endif
