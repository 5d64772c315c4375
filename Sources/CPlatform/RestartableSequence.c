#define _GNU_SOURCE
#include "RestartableSequence.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc's own, from 2.35 on. The size is 0 if it has registered no areas: then another library may have.
extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned int __rseq_size __attribute__((weak));

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

ptrdiff_t cplatform_restartable_area(void) { return __rseq_offset; }

enum cplatform_restartable_error cplatform_restartable_error(void) {
#if !defined(__x86_64__) && !defined(__aarch64__)
    return CPLATFORM_RESTARTABLE_NOT_HERE;
#elif defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
    return CPLATFORM_RESTARTABLE_SANITIZED;
#else
    if (&__rseq_size == NULL || &__rseq_offset == NULL || __rseq_size == 0) return CPLATFORM_RESTARTABLE_NO_AREA;
    return CPLATFORM_RESTARTABLE;
#endif
}

static int membarrier(int command, unsigned int flags, int processor) {
    return syscall(SYS_membarrier, command, flags, processor) == 0 ? 0 : errno;
}

int cplatform_membarrier_restart_register(void) {
    return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ, 0, 0);
}

int cplatform_membarrier_restart(void) { return membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 0, 0); }

int cplatform_membarrier_restart_processor(int processor) {
    return membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, processor);
}

enum cplatform_restartable_wait cplatform_restartable_wait(
    ptrdiff_t area, void *is_inside, const void *may_leave, uint64_t rounds) {
    // What stays if the sequence is aborted.
    uint64_t answer = CPLATFORM_RESTARTABLE_ABORTED;
#if defined(__x86_64__)
    __asm__ __volatile__(
        RESTARTABLE_DESCRIPTOR
        "leaq 3b(%%rip), %%rax\n\t"
        "movq %%rax, %%fs:8(%[area])\n"
        "1:\n\t"
        "movl $1, (%[is_inside])\n"
        "6:\n\t"
        "pause\n\t"
        "cmpl $0, (%[may_leave])\n\t"
        "jne 7f\n\t"
        "decq %[rounds]\n\t"
        "jne 6b\n\t"
        "movl %[in_vain], %k[answer]\n\t"
        "jmp 2f\n"
        "7:\n\t"
        "movl %[left], %k[answer]\n"
        "2:\n"
        "5:\n\t"
        ".pushsection __rseq_abort, \"ax?\"\n\t"
        RESTARTABLE_SIGNATURE
        "4:\n\t"
        "jmp 5b\n\t"
        ".popsection"
        : [answer] "+&r"(answer), [rounds] "+&r"(rounds)
        : [area] "r"(area), [is_inside] "r"(is_inside), [may_leave] "r"(may_leave),
          [left] "i"(CPLATFORM_RESTARTABLE_LEFT), [in_vain] "i"(CPLATFORM_RESTARTABLE_IN_VAIN)
        : "memory", "cc", "rax");
#elif defined(__aarch64__)
    uint64_t base, scratch;
    __asm__ __volatile__(
        RESTARTABLE_DESCRIPTOR
        "mrs %[base], tpidr_el0\n\t"
        "add %[base], %[base], %[area]\n\t"
        "adrp %[scratch], 3b\n\t"
        "add %[scratch], %[scratch], :lo12:3b\n\t"
        "str %[scratch], [%[base], #8]\n"
        "1:\n\t"
        "mov %w[scratch], #1\n\t"
        "str %w[scratch], [%[is_inside]]\n"
        "6:\n\t"
        "isb\n\t"
        "ldr %w[scratch], [%[may_leave]]\n\t"
        "cbnz %w[scratch], 7f\n\t"
        "sub %[rounds], %[rounds], #1\n\t"
        "cbnz %[rounds], 6b\n\t"
        "mov %[answer], %[in_vain]\n\t"
        "b 2f\n"
        "7:\n\t"
        "mov %[answer], %[left]\n"
        "2:\n"
        "5:\n\t"
        ".pushsection __rseq_abort, \"ax?\"\n\t"
        RESTARTABLE_SIGNATURE
        "4:\n\t"
        "b 5b\n\t"
        ".popsection"
        : [answer] "+&r"(answer), [rounds] "+&r"(rounds), [base] "=&r"(base), [scratch] "=&r"(scratch)
        : [area] "r"(area), [is_inside] "r"(is_inside), [may_leave] "r"(may_leave),
          [left] "i"(CPLATFORM_RESTARTABLE_LEFT), [in_vain] "i"(CPLATFORM_RESTARTABLE_IN_VAIN)
        : "memory", "cc");
#endif
    // For who waits for it, also if it was aborted before it said so.
    __atomic_store_n((uint32_t *)is_inside, 1, __ATOMIC_RELEASE);
    return (enum cplatform_restartable_wait)answer;
}
