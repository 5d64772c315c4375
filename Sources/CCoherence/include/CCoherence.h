// How a program tells the valgrind tool in Benchmarks/coherence what to count. Outside of valgrind the requests do
// nothing: the instructions rotate a register by 128 bits in all and exchange another with itself.
#ifndef CCOHERENCE_H
#define CCOHERENCE_H

#include <stdint.h>

// The counts of one instruction, in one kind of operation. The tool fills these in; both sides read this header.
struct coherence_record {
    uint64_t address;
    uint64_t kind;
    uint64_t instructions;
    // Of these, the ones with a lock prefix, or an exchange with memory.
    uint64_t locked;
    uint64_t fences;
    uint64_t barriers;
    uint64_t system_calls;
    // Lines that a core of the same node had, and of another one; or that these had to give up.
    uint64_t from_core;
    uint64_t from_node;
};

enum coherence_requests {
    // Forgets all lines and counts. Returns 1 where the tool is there.
    COHERENCE_RESET = ('I' << 24) | ('B' << 16),
    // (core, node, kind): what the calling thread does from here on is counted, as that core's.
    COHERENCE_BEGIN,
    // The end of that.
    COHERENCE_END,
    // (records, capacity): copies the counts, in no order, and returns how many there are; at most capacity are copied.
    COHERENCE_COUNTS,
};

// Cores are numbered from 0 below this.
#define COHERENCE_CORES 256

static inline __attribute__((always_inline)) uint64_t coherence_request(
    enum coherence_requests request, uint64_t first, uint64_t second, uint64_t third) {
#if defined(__x86_64__)
    volatile uint64_t words[6] = {request, first, second, third, 0, 0};
    uint64_t result = 0;
    __asm__ volatile(
        "rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi; xchgq %%rbx, %%rbx"
        : "+d"(result)
        : "a"(&words[0])
        : "cc", "memory");
    return result;
#else
    (void)request, (void)first, (void)second, (void)third;
    return 0;
#endif
}

// The file that the code at an address was loaded from, and where that begins; NULL for none.
const char *coherence_file(uint64_t address, uint64_t *start);

#endif
