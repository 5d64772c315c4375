// Cache lines as the engine counts them: 64-byte lines are fetched in pairs on current x86-64, and Arm servers have 128.
#ifndef FLOOR_CACHELINE_H
#define FLOOR_CACHELINE_H

#include <stdlib.h>
#include <string.h>

#define FLOOR_LINE 128
#define FLOOR_ON_LINES __attribute__((aligned(FLOOR_LINE)))

// Zeroed memory on lines of its own; `size` is a multiple of a line.
static inline void *floor_allocate_lines(size_t size) {
    void *memory = aligned_alloc(FLOOR_LINE, size);
    if (memory == NULL) {
        abort();
    }
    return memset(memory, 0, size);
}

#endif
