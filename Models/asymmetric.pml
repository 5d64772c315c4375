/*
 * The guard `asymmetric`: a fault publishes its page without a fence, and the invalidator makes up for that by
 * membarrier. With EXCHANGE the guard `fenced`: a fault publishes by a locked exchange, and there is no membarrier. One stripe of two pages; one invalidator's range is the first page, the other's both.
 *
 * The stripe's word: generation, and count of the open sections.
 */
#define PAGES 2
#define STRIPE(page) 0
#define SLOT(faulter) (FIRST_WORD + (faulter))
#define WORD (FIRST_WORD + FAULTERS)
#define SLOT_COUNT (FIRST_WORD + FAULTERS + 1)
#define LOCATIONS (FIRST_WORD + FAULTERS + 2)

#include "store-buffer.pml"
#include "published-slots.pml"

#define COUNT_ONE 1
#define COUNT_MASK 7
#ifdef NO_GENERATION
#define RAISE COUNT_ONE
#else
#define RAISE (COUNT_ONE + 8)
#endif

proctype Faulter(byte me; byte faults) {
    byte page, ticket, entry, word;
    bool isCurrent, isRegistered = me == 0;
    do
    :: faults > 0 ->
        atomic {
            (memory[WORD] & COUNT_MASK) == 0;
            ticket = memory[WORD];
            if
            :: page = 0
            :: page = 1
            fi
        };
        /* The walk. */
        load(TABLE(page), entry);
#ifdef RELOAD_BEFORE_PUBLISH
        load(WORD, word);
#endif
        /* The second faulter is a thread that comes late. It raises the number of slots before it first publishes. */
        if
        :: !isRegistered -> store(SLOT_COUNT, FAULTERS); isRegistered = true
        :: else
        fi;
#ifdef EXCHANGE
        atomic { isDrained(me) -> memory[SLOT(me)] = page + 1 };
#else
        publish(page);
#endif
#ifdef FENCES
        isDrained(me);
#endif
        atomic {
#ifndef RELOAD_BEFORE_PUBLISH
            load(WORD, word);
#endif
            isCurrent = word == ticket;
            word = 0;
            ticket = 0
        };
        if
        :: isCurrent ->
#ifdef CLEAR_BEFORE_INSTALL
            withdraw();
            store(SHADOW(page), entry);
#else
            store(SHADOW(page), entry);
            withdraw();
#endif
            faults--
        :: else -> withdraw()
        fi;
        atomic { isCurrent = false; entry = 0; page = 0 }
    :: else -> break
    od;
    finished++
}

inline raise() {
    atomic { isDrained(me) -> memory[WORD] = memory[WORD] + RAISE }
}

inline lower() {
    atomic { isDrained(me) -> memory[WORD] = memory[WORD] - COUNT_ONE }
}

/* If faults have fences, or exchange, the invalidator needs none of its own here: on x86 the raise is one. */
#if defined(FENCES) || defined(EXCHANGE)
#define makePublishedVisible() skip
#else
#define makePublishedVisible() membarrier()
#endif

proctype Invalidator(byte me; byte first; byte last; byte sections) {
    byte version = me * 8;
    byte page, interrupted, slots;
    do
    :: sections > 0 ->
#ifdef MEMBARRIER_BEFORE_RAISE
        membarrier();
        raise();
        load(SLOT_COUNT, slots);
#else
        raise();
#ifdef SLOTS_COUNTED_BEFORE_MEMBARRIER
        load(SLOT_COUNT, slots);
        makePublishedVisible();
#else
        makePublishedVisible();
        load(SLOT_COUNT, slots);
#endif
#endif
        waitForSlot(0, first, last);
        if
        :: slots > 1 -> waitForSlot(1, first, last)
        :: else
        fi;
        slots = 0;
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
        memory[SLOT_COUNT] = 1;
        run Faulter(0, FAULTS);
        run Faulter(1, 1);
        run Invalidator(2, 0, 0, SECTIONS);
        run Invalidator(3, 0, 1, 1)
    }
}
