// Coroutines of one thread, each on a stack of its own, and a way out of one that traps.
#ifndef CINTERLEAVING_H
#define CINTERLEAVING_H

#include <stddef.h>

struct coroutine;

// One with a stack of so many bytes; 0 for the one that the thread is in already. Never freed.
struct coroutine *_Nonnull coroutine_make(size_t stack_size);

// Has the coroutine begin with the function when it is switched to next. The function must not return: it switches to
// another one, and is never switched to again.
void coroutine_prepare(
    struct coroutine *_Nonnull coroutine, void (*_Nonnull function)(void *_Nullable), void *_Nullable argument);

// Goes on in `to`. Returns when something switches to `from` again.
void coroutine_switch(struct coroutine *_Nonnull from, struct coroutine *_Nonnull to);

// From now on a coroutine that is hit by SIGILL, SIGTRAP, SIGSEGV, SIGBUS or SIGABRT ends, and the thread goes on in
// `refuge`. Until the coroutine that is `refuge` itself is hit: then the signal does what it does by default.
void coroutine_catch_traps(struct coroutine *_Nonnull refuge);

// The signal that ended a coroutine since the last call; 0 if none did.
int coroutine_take_trap(void);

// Whether traps lead to the refuge now. Off at first.
void coroutine_arm(int is_armed);

#endif
