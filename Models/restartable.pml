/*
 * The guard `restartable`: the check and the install of a fault are one restartable sequence, and the invalidator's barrier
 * makes every thread leave the sequence that it is in. A fault may also take the stripe's lock bit, as an install by a
 * closure does and a fault that was aborted too often. One stripe of two pages; one invalidator's range is the first page,
 * the other's both.
 *
 * The stripe's word: generation, count of the open sections, lock bit.
 */
#define PAGES 2
#define STRIPE(page) 0
#define WORD FIRST_WORD
#define LOCATIONS (FIRST_WORD + 1)

#include "store-buffer.pml"

#define LOCK_BIT 1
#define COUNT_ONE 2
#define COUNT_MASK 14
#ifdef NO_GENERATION
#define RAISE COUNT_ONE
#else
#define RAISE (COUNT_ONE + 16)
#endif

#define isFree() ((memory[WORD] & LOCK_BIT) == 0)

inline reload() {
    atomic { load(WORD, word); isCurrent = word == ticket; word = 0 }
}

#include "sequences.pml"

/* Takes the bit if the word is still the ticket; waits where somebody else has it. */
inline installLocked() {
    atomic {
        isDrained(me) && memory[WORD] != (ticket | LOCK_BIT);
        isCurrent = memory[WORD] == ticket;
        if
        :: isCurrent -> memory[WORD] = ticket | LOCK_BIT
        :: else
        fi
    };
    if
    :: isCurrent -> store(SHADOW(page), entry); store(WORD, ticket); faults--
    :: else
    fi
}

proctype Faulter(byte me; byte faults) {
    byte page, ticket, entry, word;
    bool isCurrent;
    do
    :: faults > 0 ->
        atomic {
            (memory[WORD] & COUNT_MASK) == 0;
            load(WORD, ticket);
            ticket = ticket & ~LOCK_BIT;
            if
            :: page = 0
            :: page = 1
            fi
        };
        /* The walk. */
        load(TABLE(page), entry);
        if
        :: installInSequence()
        :: installLocked()
        fi;
        atomic { isCurrent = false; ticket = 0; entry = 0; page = 0 }
    :: else -> break
    od;
    finished++
}

inline raise() {
    atomic {
#ifdef RAISE_UNDER_HELD_BIT
        isDrained(me);
#else
        isDrained(me) && isFree();
#endif
        memory[WORD] = memory[WORD] + RAISE
    }
}

inline lower() {
    atomic { isDrained(me) && isFree() -> memory[WORD] = memory[WORD] - COUNT_ONE }
}

proctype Invalidator(byte me; byte first; byte last; byte sections) {
    byte version = me * 8;
    byte page, interrupted;
    do
    :: sections > 0 ->
#ifdef MEMBARRIER_BEFORE_RAISE
        membarrier();
        raise();
#else
        raise();
        membarrier();
#endif
        atomic { clear(0) };
        changeAndEnd();
        sections--
    :: else -> break
    od;
    finished++
}

init {
    byte page;
    atomic {
        fillTable();
        run Faulter(0, FAULTS);
        run Faulter(1, 1);
        run Invalidator(2, 0, 0, SECTIONS);
        run Invalidator(3, 0, 1, 1)
    }
}
