/*
 * The end of a subscription: sets the dead bit in a stripe's word, so that no fault installs any more. After that the
 * cache drops what was installed, and then the table changes without a section.
 *
 * As `striped` does it: sets the bit while nobody holds the stripe's lock bit. With ASYMMETRIC as `asymmetric` does it:
 * sets the bit, calls membarrier, and waits for every slot. One stripe of two pages. The last process ends the
 * subscription; the other invalidator opens a section, or ends the subscription, too.
 *
 * Beside the rule: once an end of the subscription has returned, no install becomes visible. So from then on each page
 * counts as emptied by a section that never ends. A section that is open then ends later, and finds its count above 0.
 *
 * What a macro breaks:
 *
 *     DEAD_UNDER_HELD_BIT   `striped` sets the dead bit although a fault may hold the lock bit
 *     NO_MEMBARRIER         `asymmetric` does not make visible what faulters have published
 *     NO_WAIT               `asymmetric` waits for no slot
 *     TICKET_IGNORES_DEAD   a fault takes a ticket with the dead bit in it
 */
#define PAGES 2
#define LAST_PAGE 1
#define STRIPE(page) 0
#define SLOT(faulter) (FIRST_WORD + (faulter))
#define WORD (FIRST_WORD + FAULTERS)
#define LOCATIONS (FIRST_WORD + FAULTERS + 1)

#include "store-buffer.pml"
#include "published-slots.pml"

/* The stripe's word: generation, count of the open sections, dead bit, lock bit. */
#define LOCK_BIT 1
#define DEAD 2
#define COUNT_ONE 4
#define COUNT_MASK 12
#define RAISE (COUNT_ONE + 16)

bool hasSection = true;
#define requireOpenSection(count) hasSection = (count) != 0; assert(hasSection)

#define isFree ((memory[WORD] & LOCK_BIT) == 0)
#define isIdle ((memory[WORD] & COUNT_MASK) == 0)
#ifdef TICKET_IGNORES_DEAD
#define isDead false
#else
#define isDead ((memory[WORD] & DEAD) != 0)
#endif

/* The word must still be the ticket. Waits where another fault holds the lock bit. */
inline installWithBit() {
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

inline installWithSlot() {
    publish(page);
    atomic {
        load(WORD, word);
        isCurrent = word == ticket;
        word = 0
    };
    if
    :: isCurrent -> store(SHADOW(page), entry); withdraw(); faults--
    :: else -> withdraw()
    fi
}

proctype Faulter(byte me; byte faults) {
    byte page, ticket, entry, word;
    bool isCurrent;
    do
    :: atomic {
        faults > 0 && isIdle && !isDead ->
        ticket = memory[WORD] & ~LOCK_BIT;
        if
        :: page = 0
        :: page = 1
        fi
    };
        /* The walk. */
        load(TABLE(page), entry);
#ifdef ASYMMETRIC
        installWithSlot();
#else
        installWithBit();
#endif
        atomic { isCurrent = false; ticket = 0; entry = 0; page = 0 }
    /* Over: nothing left to do, or dead. */
    :: faults == 0 || isDead -> break
    od;
    finished++
}

#ifdef ASYMMETRIC
#define mayChangeWord isDrained(me)
#else
#define mayChangeWord (isDrained(me) && isFree)
#endif
#ifdef DEAD_UNDER_HELD_BIT
#define mayMarkDead isDrained(me)
#else
#define mayMarkDead mayChangeWord
#endif

inline markDead() {
    atomic { mayMarkDead -> memory[WORD] = memory[WORD] | DEAD };
#ifdef ASYMMETRIC
    membarrier();
    waitForSlot(0, 0, LAST_PAGE);
    waitForSlot(1, 0, LAST_PAGE);
#endif
    atomic { open[0]++; open[LAST_PAGE]++ }
}

/* Ends the subscription. What is dropped then is not dropped by the guard. */
inline endSubscription() {
    markDead();
    atomic { clear(0) };
    changeTable()
}

inline start() {
#ifdef ASYMMETRIC
    atomic { isDrained(me) -> memory[WORD] = memory[WORD] + RAISE };
    membarrier();
    waitForSlot(0, first, last);
    waitForSlot(1, first, last);
    atomic { clear(0) }
#else
    atomic {
        mayChangeWord -> memory[WORD] = memory[WORD] + RAISE + LOCK_BIT;
        clear(0);
        store(WORD, memory[WORD] - LOCK_BIT)
    }
#endif
}

inline lower() {
    atomic {
        mayChangeWord;
        requireOpenSection(memory[WORD] & COUNT_MASK);
        memory[WORD] = memory[WORD] - COUNT_ONE
    }
}

proctype Invalidator(byte me) {
    byte version = me * 8;
    byte page, interrupted, first, last = LAST_PAGE;
    if
    :: start(); changeAndEnd()
    :: endSubscription()
    fi;
    finished++
}

proctype Ender(byte me) {
    byte version = me * 8;
    byte page, interrupted, first, last = LAST_PAGE;
    endSubscription();
    finished++
}

init {
    byte page;
    atomic {
        fillTable();
        run Faulter(0, FAULTS);
        run Faulter(1, 1);
        run Invalidator(2);
        run Ender(3)
    }
}
