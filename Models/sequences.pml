/*
 * Restartable sequences, and the membarrier that makes every faulter leave the one that it is in. Whoever includes this
 * defines reload(), which says in isCurrent whether the words are still the tickets.
 */

/* Whether the thread is in its sequence. An interrupt takes it out, and its next step is at the abort handler. */
bool isInside[FAULTERS];

/* Each instruction is a step, in which the thread is still in the sequence or is not. */
inline installInSequence() {
#ifdef CHECK_BEFORE_SEQUENCE
    reload();
    isInside[me] = true;
#else
    isInside[me] = true;
    reload();
#endif
    atomic {
        if
        :: isInside[me] && isCurrent -> store(SHADOW(page), entry); faults--
        :: else
        fi;
        isInside[me] = false
    }
}

/* The interrupts arrive one by one, in any order. Each is a full fence, and takes its thread out of a sequence. A thread
 * that runs nowhere is as good as interrupted: it leaves its sequence before it goes on. */
#ifdef MEMBARRIER_ABORTS_NOTHING
#define leaveSequence(faulter) skip
#else
#define leaveSequence(faulter) isInside[faulter] = false
#endif

inline membarrier() {
#ifdef NO_MEMBARRIER
    skip
#else
    interrupted = 0;
    do
    :: atomic { (interrupted & 1) == 0 && isDrained(0) -> leaveSequence(0); interrupted = interrupted | 1 }
    :: atomic { (interrupted & 2) == 0 && isDrained(1) -> leaveSequence(1); interrupted = interrupted | 2 }
    :: atomic { interrupted == 3 -> interrupted = 0; break }
    od
#endif
}
