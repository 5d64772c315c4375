/*
 * A slot for each faulter, in which it publishes the page that it is about to install; and membarrier, which makes the
 * stores visible that faulters have left in their buffers. Whoever includes this defines SLOT(faulter).
 */
#define NOTHING 0
#define publish(page) store(SLOT(me), (page) + 1)
#define withdraw() store(SLOT(me), NOTHING)

/* The interrupts arrive one by one, in any order: each faulter's buffer is empty at some moment during the call. */
inline membarrier() {
#ifdef NO_MEMBARRIER
    skip
#else
    interrupted = 0;
    do
    :: atomic { (interrupted & 1) == 0 && isDrained(0) -> interrupted = interrupted | 1 }
    :: atomic { (interrupted & 2) == 0 && isDrained(1) -> interrupted = interrupted | 2 }
    :: atomic { interrupted == 3 -> interrupted = 0; break }
    od
#endif
}

inline waitForSlot(faulter, low, high) {
#ifdef NO_WAIT
    skip
#else
    memory[SLOT(faulter)] == NOTHING || memory[SLOT(faulter)] - 1 < (low) || memory[SLOT(faulter)] - 1 > (high)
#endif
}
