// What measuring on real memory needs of Linux and Swift cannot import: thin wrappers.
#ifndef CLIVEMEMORY_H
#define CLIVEMEMORY_H

#include <stddef.h>
#include <stdint.h>

// memfd_create(2), closed on exec. Returns a file descriptor, or -1 with errno set.
int clive_memory_file(const char *_Nonnull name);

// mremap(2) to a given place, over what is mapped there. Returns 0, or an errno.
int clive_move(void *_Nonnull from, void *_Nonnull to, size_t bytes);

// A word that a copy of the process must see as it was when it was made.
struct clive_word {
    const volatile uint64_t *_Nonnull address;
    uint64_t content;
};

// Forks a child that does nothing but wait until `*ticket`, in memory that both share, is `number` or above, and then look
// at the words: it ends with 0 if all have their content, and with 1 if one has not. It has all signals blocked, and dies
// with the thread that made it. No handler of pthread_atfork runs, in neither process. Returns the child's number, or
// -errno. The words' array is only read.
int32_t clive_fork_copy(const struct clive_word *_Nonnull words, size_t count, uint32_t *_Nonnull ticket,
                        uint32_t number);

// Lets the copies up to this number go on.
void clive_release_copies(uint32_t *_Nonnull ticket, uint32_t number);

// Waits for a released copy to end; returns what it ended with, or a number above 1 if something else ended it.
int clive_join_copy(int32_t child);

#endif
