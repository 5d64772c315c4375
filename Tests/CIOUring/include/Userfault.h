// userfaultfd as a source of unmappings, and of nothing else: no fault is ever delivered.
#ifndef USERFAULT_H
#define USERFAULT_H

#include <stdint.h>

// A descriptor that tells of unmappings, or -errno.
int userfault_create(void);

// Has the descriptor tell when the memory, which is anonymous, is unmapped. Returns 0, or an errno.
int userfault_watch(int descriptor, uintptr_t address, uint64_t length);

// Waits for the next unmapping, for so many milliseconds at most. Returns 1 and what was unmapped; 0 if there was none; or
// -errno. The thread that unmaps goes on when this has read of it.
int userfault_next(int descriptor, int milliseconds, uintptr_t *_Nonnull address, uint64_t *_Nonnull length);

#endif
