/*
 * The guard `restartable`: the check and the install of a fault are one restartable sequence, and the invalidator's barrier
 * makes every thread leave the sequence that it is in. A fault may also take the stripe's word in hand, as an install by a
 * closure does and a fault that was aborted too often. One stripe of two pages; one invalidator's range is the first page,
 * the other's both.
 *
 * The stripe's word: generation, count of the open sections; or IN_HAND.
 */
#define PAGES 2
#define STRIPE(page) 0
#define WORD FIRST_WORD
#define LOCATIONS (FIRST_WORD + 1)

#include "store-buffer.pml"

#define COUNT_ONE 2
#define COUNT_MASK 14
#ifdef NO_GENERATION
#define RAISE COUNT_ONE
#else
#define RAISE (COUNT_ONE + 16)
#endif

#include "word-in-hand.pml"

inline reload() {
    atomic { load(WORD, word); isCurrent = word == ticket; word = 0 }
}

#include "sequences.pml"

/* Waits where somebody else has the word. */
inline installLocked() {
    exchangeWord(WORD);
    if
    :: isCurrent -> store(SHADOW(page), entry); store(WORD, ticket); faults--
    :: else -> store(WORD, word)
    fi
}

proctype Faulter(byte me; byte faults) {
    byte page, ticket, entry, word;
    bool isCurrent;
    do
    :: faults > 0 ->
        atomic {
            takeTicket(WORD);
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
        atomic { isCurrent = false; word = 0; ticket = 0; entry = 0; page = 0 }
    :: else -> break
    od;
    finished++
}

inline raise() {
    atomic {
#ifdef RAISE_OF_A_WORD_IN_HAND
        isDrained(me);
#else
        isDrained(me) && isFreeWord(WORD);
#endif
        memory[WORD] = memory[WORD] + RAISE
    }
}

inline lower() {
    atomic { isDrained(me) && isFreeWord(WORD) -> memory[WORD] = memory[WORD] - COUNT_ONE }
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
