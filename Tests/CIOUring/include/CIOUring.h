// liburing's fixed buffers for Swift: its functions are inline or take what Swift does not import. No logic.
#ifndef CIOURING_H
#define CIOURING_H

#include <stdint.h>

struct ciouring;

// A ring with so many places for buffers, none of them filled. NULL, with an errno in `error`, where there is none to be had.
struct ciouring *_Nullable ciouring_create(unsigned places, int *_Nonnull error);
void ciouring_destroy(struct ciouring *_Nonnull ring);

// Registers memory at a place: pins its pages. Any thread, also beside transfers. Returns 0, or an errno.
int ciouring_register(struct ciouring *_Nonnull ring, unsigned place, uintptr_t address, uint64_t length);
// Empties a place. Transfers that are under way keep the pages until they are done.
int ciouring_deregister(struct ciouring *_Nonnull ring, unsigned place);

// Transfers bytes between a file and the memory that is registered at a place, and waits. One thread at a time. Returns how
// many bytes there were, or -errno.
int ciouring_read_fixed(
    struct ciouring *_Nonnull ring, int file, uintptr_t address, unsigned length, uint64_t offset, unsigned place);
int ciouring_write_fixed(
    struct ciouring *_Nonnull ring, int file, uintptr_t address, unsigned length, uint64_t offset, unsigned place);

// A file in memory. Returns its descriptor, or -errno.
int ciouring_memory_file(void);

// Copies this process's own memory out as it is mapped now. Returns 0, or an errno where it is not mapped.
int ciouring_peek(uintptr_t address, void *_Nonnull copy, uint64_t length);

#endif
