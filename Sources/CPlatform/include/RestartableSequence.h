// Restartable sequences (rseq(2), Linux 4.18, in glibc since 2.35): "compare a word, then store another" without a locked
// instruction. If the thread is preempted, moved to another core, signalled or hit by a membarrier of the kind below
// between the compare and the store, the kernel makes it leave the sequence, and nothing is stored.
//
//     instruction                          where the thread goes if it is interrupted before it
//     the thread's rseq_cs = descriptor    on: it is not in the sequence
//  1: compare the word with the expected   abort: nothing was stored
//     different? leave                     abort
//     store                                abort
//  2:                                      on: the store has been done
//
// The descriptor stays armed: the kernel asks where the thread is, and finds it outside. Every copy that a compiler makes
// of the code has a descriptor of its own, in the section group of its function, so that both stay or go together.
#ifndef RESTARTABLE_SEQUENCE_H
#define RESTARTABLE_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Where a thread's rseq area lies, in bytes from its thread pointer. It is a parameter below so that the caller keeps it
// in a register. Only where cplatform_restartable_error() is 0.
ptrdiff_t cplatform_restartable_area(void);

// Why this process has no restartable sequences, before any is tried.
enum cplatform_restartable_error {
    CPLATFORM_RESTARTABLE = 0,
    CPLATFORM_RESTARTABLE_NOT_HERE,  // another processor than x86-64 and aarch64
    CPLATFORM_RESTARTABLE_SANITIZED, // ThreadSanitizer does not see what the sequences order
    CPLATFORM_RESTARTABLE_NO_AREA,   // glibc registers none: it is old, its tunable says so, or the kernel refused
};
enum cplatform_restartable_error cplatform_restartable_error(void);

// membarrier(2), private and expedited, which also restarts sequences. Each returns 0, or an errno.
int cplatform_membarrier_restart_register(void);
int cplatform_membarrier_restart(void);
// The same for the threads on one processor alone; succeeds where there is no such processor. Allocates nothing.
int cplatform_membarrier_restart_processor(int processor);

// Inside a sequence: stores 1 in `is_inside` and waits until `may_leave` is not 0, both words of 32 bits, for `rounds`
// looks at most. Returns what ended it. To see whether the kernel aborts sequences at all.
enum cplatform_restartable_wait {
    CPLATFORM_RESTARTABLE_ABORTED,
    CPLATFORM_RESTARTABLE_LEFT,    // may_leave was seen: nothing has aborted it
    CPLATFORM_RESTARTABLE_IN_VAIN, // neither came
};
enum cplatform_restartable_wait cplatform_restartable_wait(
    ptrdiff_t area, void *_Nonnull is_inside, const void *_Nonnull may_leave, uint64_t rounds);

// What comes before the handler of an abort, for the kernel to recognise one.
#if defined(__x86_64__)
#define RESTARTABLE_SIGNATURE ".byte 0x0f, 0xb9, 0x3d\n\t.long 0x53053053\n"
#elif defined(__aarch64__)
#define RESTARTABLE_SIGNATURE ".inst 0xd428bc00\n"
#endif

// The descriptor of the sequence between the labels 1 and 2, whose handler is at 4; it is at 3.
#define RESTARTABLE_DESCRIPTOR                                                                                        \
    ".pushsection __rseq_cs, \"aw?\"\n\t"                                                                             \
    ".balign 32\n"                                                                                                    \
    "3:\n\t"                                                                                                          \
    ".long 0, 0\n\t"                                                                                                  \
    ".quad 1f, 2f - 1f, 4f\n\t"                                                                                       \
    ".popsection\n\t"

// A sequence up to the look at `word`, and from the store of `value` on. What stands between them looks at more words.
#if defined(__x86_64__)
// The answer is the flag "equal" at label 5. The store leaves the flags of the last comparison; a negative cpu_id, another
// word, and a stack pointer that is not 0 say "not equal".
#define RESTARTABLE_COMPARE                                                                                           \
    RESTARTABLE_DESCRIPTOR                                                                                            \
    "cmpl $0, %%fs:4(%[area])\n\t"                                                                                    \
    "js 5f\n\t"                                                                                                       \
    "leaq 3b(%%rip), %[scratch]\n\t"                                                                                  \
    "movq %[scratch], %%fs:8(%[area])\n"                                                                              \
    "1:\n\t"                                                                                                          \
    "cmpq %[expected], (%[word])\n\t"                                                                                 \
    "jne 5f\n\t"
#define RESTARTABLE_COMPARE_SECOND                                                                                    \
    "cmpq %[expected_second], (%[second])\n\t"                                                                        \
    "jne 5f\n\t"
#define RESTARTABLE_STORE                                                                                             \
    "movq %[value], (%[slot])\n"                                                                                      \
    "2:\n"                                                                                                            \
    "5:\n\t"                                                                                                          \
    ".pushsection __rseq_abort, \"ax?\"\n\t"                                                                          \
    RESTARTABLE_SIGNATURE                                                                                             \
    "4:\n\t"                                                                                                          \
    "testq %%rsp, %%rsp\n\t"                                                                                          \
    "jmp 5b\n\t"                                                                                                      \
    ".popsection"
#define RESTARTABLE_VARIABLES int is_stored; uint64_t scratch
#define RESTARTABLE_OUTPUTS [is_stored] "=@cce"(is_stored), [scratch] "=&r"(scratch)
#define RESTARTABLE_CLOBBERS "memory"
#elif defined(__aarch64__)
#define RESTARTABLE_COMPARE                                                                                           \
    RESTARTABLE_DESCRIPTOR                                                                                            \
    "mrs %[base], tpidr_el0\n\t"                                                                                      \
    "add %[base], %[base], %[area]\n\t"                                                                               \
    "mov %w[is_stored], #0\n\t"                                                                                       \
    "ldr %w[scratch], [%[base], #4]\n\t"                                                                              \
    "tbnz %w[scratch], #31, 5f\n\t"                                                                                   \
    "adrp %[scratch], 3b\n\t"                                                                                         \
    "add %[scratch], %[scratch], :lo12:3b\n\t"                                                                        \
    "str %[scratch], [%[base], #8]\n"                                                                                 \
    "1:\n\t"                                                                                                          \
    "ldr %[scratch], [%[word]]\n\t"                                                                                   \
    "cmp %[scratch], %[expected]\n\t"                                                                                 \
    "b.ne 5f\n\t"
#define RESTARTABLE_COMPARE_SECOND                                                                                    \
    "ldr %[scratch], [%[second]]\n\t"                                                                                 \
    "cmp %[scratch], %[expected_second]\n\t"                                                                          \
    "b.ne 5f\n\t"
#define RESTARTABLE_STORE                                                                                             \
    "stlr %[value], [%[slot]]\n"                                                                                      \
    "2:\n\t"                                                                                                          \
    "mov %w[is_stored], #1\n"                                                                                         \
    "5:\n\t"                                                                                                          \
    ".pushsection __rseq_abort, \"ax?\"\n\t"                                                                          \
    RESTARTABLE_SIGNATURE                                                                                             \
    "4:\n\t"                                                                                                          \
    "b 5b\n\t"                                                                                                        \
    ".popsection"
#define RESTARTABLE_VARIABLES uint32_t is_stored; uint64_t scratch, base
#define RESTARTABLE_OUTPUTS [is_stored] "=&r"(is_stored), [scratch] "=&r"(scratch), [base] "=&r"(base)
#define RESTARTABLE_CLOBBERS "memory", "cc"
#endif

// Stores `value` in `slot`, releasing, if `word` is `expected`: both in one sequence. Returns whether it has. Also returns
// false if the sequence was aborted, and if the calling thread has no rseq area: then its cpu_id is negative. The caller
// looks at the word again to tell these apart.
//
// The look at the word orders nothing but the store behind it, which depends on it.
static inline bool cplatform_restartable_store(
    ptrdiff_t area, const void *_Nonnull word, uint64_t expected, void *_Nonnull slot, uint64_t value) {
#if defined(RESTARTABLE_COMPARE)
    RESTARTABLE_VARIABLES;
    __asm__ __volatile__(
        RESTARTABLE_COMPARE
        RESTARTABLE_STORE
        : RESTARTABLE_OUTPUTS
        : [area] "r"(area), [word] "r"(word), [expected] "r"(expected), [slot] "r"(slot), [value] "r"(value)
        : RESTARTABLE_CLOBBERS);
    return is_stored != 0;
#else
    return false;
#endif
}

// The same if `second` is `expected_second`, too.
static inline bool cplatform_restartable_store_if_both(
    ptrdiff_t area, const void *_Nonnull word, uint64_t expected, const void *_Nonnull second, uint64_t expected_second,
    void *_Nonnull slot, uint64_t value) {
#if defined(RESTARTABLE_COMPARE)
    RESTARTABLE_VARIABLES;
    __asm__ __volatile__(
        RESTARTABLE_COMPARE
        RESTARTABLE_COMPARE_SECOND
        RESTARTABLE_STORE
        : RESTARTABLE_OUTPUTS
        : [area] "r"(area), [word] "r"(word), [expected] "r"(expected), [second] "r"(second),
          [expected_second] "r"(expected_second), [slot] "r"(slot), [value] "r"(value)
        : RESTARTABLE_CLOBBERS);
    return is_stored != 0;
#else
    return false;
#endif
}

#endif
