/*
 * The end of a subscription: sets the dead bit in a stripe's word, so that no fault installs any more. After that the
 * cache drops what was installed, and then the table changes without a section.
 *
 * As `striped` does it: sets the bit while nobody has the stripe's word in hand. With ASYMMETRIC as `asymmetric` does it:
 * sets the bit, calls membarrier, and waits for every slot. One stripe of two pages. The last process ends the
 * subscription; the other invalidator opens a section, or ends the subscription, too.
 *
 * Beside the rule: once an end of the subscription has returned, no install becomes visible. So from then on each page
 * counts as emptied by a section that never ends. A section that is open then ends later, and finds its count above 0.
 *
 * What a macro breaks:
 *
 *     DEAD_IN_A_HELD_WORD   `striped` sets the dead bit although a fault may have the word in hand
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

/* The stripe's word: generation, count of the open sections, dead bit; or, in `striped`, IN_HAND. */
#define DEAD 2
#define COUNT_ONE 4
#define COUNT_MASK 12
#define RAISE (COUNT_ONE + 16)

bool hasSection = true;
#define requireOpenSection(count) hasSection = (count) != 0; assert(hasSection)

#include "word-in-hand.pml"

#ifdef TICKET_IGNORES_DEAD
#define isDead false
#else
#define isDead ((memory[WORD] & DEAD) != 0)
#endif

/* Waits where somebody else has the word. */
inline installInHand() {
    exchangeWord(WORD);
    if
    :: isCurrent -> store(SHADOW(page), entry); store(WORD, ticket); faults--
    :: else -> store(WORD, word)
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
        faults > 0 && isIdleWord(WORD) && !isDead ->
        ticket = memory[WORD];
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
        installInHand();
#endif
        atomic { isCurrent = false; word = 0; ticket = 0; entry = 0; page = 0 }
    /* Over: nothing left to do, or dead. */
    :: faults == 0 || isDead -> break
    od;
    finished++
}

#ifdef ASYMMETRIC
#define mayChangeWord isDrained(me)
#else
#define mayChangeWord (isDrained(me) && isFreeWord(WORD))
#endif
#ifdef DEAD_IN_A_HELD_WORD
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
        mayChangeWord -> held = memory[WORD] + RAISE;
        memory[WORD] = IN_HAND;
        clear(0);
        store(WORD, held);
        held = 0
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
    byte page, interrupted, held, first, last = LAST_PAGE;
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
