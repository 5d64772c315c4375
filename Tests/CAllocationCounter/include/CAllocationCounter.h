// Counts the heap allocations of a thread, by standing before the C library's allocator in the test program.
#ifndef CALLOCATIONCOUNTER_H
#define CALLOCATIONCOUNTER_H

#include <stdint.h>

// 1 where it counts; 0 under a sanitizer, which brings an allocator of its own.
int allocation_counter_works(void);

// Begins to count the calling thread's allocations, from 0.
void allocation_counter_start(void);

// Ends it. Returns how many there were; blocks that were freed again count too.
uint64_t allocation_counter_stop(void);

// How many bytes they asked for, from the last start to its stop.
uint64_t allocation_counter_bytes(void);

#endif
