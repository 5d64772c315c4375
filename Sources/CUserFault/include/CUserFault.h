// userfaultfd(2), whose calls are ioctls that Swift cannot import: thin wrappers, no logic. None of them waits unless it
// says so, and all retry after a signal.
#ifndef CUSERFAULT_H
#define CUSERFAULT_H

#include <linux/userfaultfd.h>
#include <stddef.h>
#include <stdint.h>

// One message: a missing fault or an event.
struct cuserfault_message {
    uint32_t event;  // UFFD_EVENT_PAGEFAULT and the like
    int32_t fork;    // FORK: the descriptor of the child's memory, which is the reader's to close; else -1
    uint64_t start;  // PAGEFAULT: the page; REMOVE, UNMAP: the first byte; REMAP: where the first byte was
    uint64_t length; // REMOVE, UNMAP, REMAP: in bytes; else 0
    uint64_t to;     // REMAP: where the first byte is now; else 0
};

// Opens a descriptor that serves faults of user mode and tells of the events in `features`. Reads of it do not wait.
// Returns it, or -errno.
int cuserfault_open(uint64_t features);

// Has missing faults of a range go through the descriptor. Returns 0, or an errno.
int cuserfault_register(int descriptor, void *_Nonnull start, size_t length);

// Has the descriptor tell of the events of a range, and serve no fault: those of write protection, which nothing has. Returns
// 0, or an errno.
int cuserfault_watch(int descriptor, void *_Nonnull start, size_t length);

// Ends either, and wakes who waits: their pages are then as any other's. Returns 0, or an errno.
int cuserfault_unregister(int descriptor, void *_Nonnull start, size_t length);

// Installs pages that are missing, and wakes who waits for them. Returns how many bytes it installed, from the first, which
// may be less than all, or -errno of the first page: EEXIST where there is one, EAGAIN while an event is unread or its
// cause has not gone on.
int64_t cuserfault_copy(int descriptor, void *_Nonnull to, const void *_Nonnull from, size_t length);

// Wakes who waits for a page of the range: they fault again. Returns 0, or an errno.
int cuserfault_wake(int descriptor, void *_Nonnull start, size_t length);

// Takes one message: faults come before events. Returns 1, 0 where there is none, or -errno.
int cuserfault_read(int descriptor, struct cuserfault_message *_Nonnull message);

// Opens a descriptor that can be read from the first signal on. Returns it, or -errno.
int cuserfault_signal_open(void);
// Returns 0, or an errno.
int cuserfault_signal(int descriptor);

// Waits until the descriptor has a message or the other one can be read. Returns whether it is the other one alone.
int cuserfault_wait(int descriptor, int other);

// Whether each page of a range is there, a byte a page. Returns 0, or an errno.
int cuserfault_resident(void *_Nonnull start, size_t length, unsigned char *_Nonnull pages);

#endif
