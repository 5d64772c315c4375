/*
 * The end of a subscription: sets the dead bit in a stripe's word, so that no fault installs any more. After that the
 * cache drops what was installed, and then the table changes without a section.
 *
 * As `striped` does it: sets the bit while nobody has the stripe's word in hand. With ASYMMETRIC as `asymmetric` does it:
 * sets the bit, calls membarrier, and waits for every slot. With ADAPTIVE as `adaptive` does it, which does both. One
 * stripe of two pages, which in `adaptive` begins biased or not. The last process ends the subscription; the other
 * invalidator opens a section, or ends the subscription, too.
 *
 * Beside the rule: once an end of the subscription has returned, no install becomes visible. So from then on each page
 * counts as emptied by a section that never ends. A section that is open then ends later, and finds its count above 0.
 *
 * What a macro breaks:
 *
 *     DEAD_IN_A_HELD_WORD   sets the dead bit although a fault may have the word in hand; not in `asymmetric`
 *     NO_MEMBARRIER         does not make visible what faulters have published; not in `striped`
 *     NO_WAIT               waits for no slot; not in `striped`
 *     TICKET_IGNORES_DEAD   a fault takes a ticket with the dead bit in it
 *     WAITS_IF_BIASED       `adaptive` waits only if it finds the bias on, and not if a section is revoking it
 */
#define PAGES 2
#define LAST_PAGE 1
#define STRIPE(page) 0
#define SLOT(faulter) (FIRST_WORD + (faulter))
#define WORD (FIRST_WORD + FAULTERS)
#define LOCATIONS (FIRST_WORD + FAULTERS + 1)

#include "store-buffer.pml"
#include "published-slots.pml"

/* The stripe's word: bias, generation, count of the open sections, dead bit; or, in `striped` and `adaptive`, IN_HAND. */
#define BIASED 64
#define REVOKING 128
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

/* In `adaptive` a fault may turn the bias on. */
inline putBack() {
#ifdef ADAPTIVE
    if
    :: store(WORD, ticket)
    :: store(WORD, ticket | BIASED)
    fi
#else
    store(WORD, ticket)
#endif
}

/* Waits where somebody else has the word. */
inline installInHand() {
    exchangeWord(WORD);
    if
    :: isCurrent -> store(SHADOW(page), entry); putBack(); faults--
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
#ifdef ADAPTIVE
        if
        :: ticket & BIASED -> installWithSlot()
        :: else -> installInHand()
        fi;
#else
#ifdef ASYMMETRIC
        installWithSlot();
#else
        installInHand();
#endif
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

inline waitForFaults(low, high) {
    membarrier();
    waitForSlot(0, low, high);
    waitForSlot(1, low, high)
}

inline markDead() {
#ifdef WAITS_IF_BIASED
    atomic { mayMarkDead -> mustWait = (memory[WORD] & BIASED) != 0; memory[WORD] = memory[WORD] | DEAD };
    if
    :: mustWait -> waitForFaults(0, LAST_PAGE)
    :: else
    fi;
#else
    atomic { mayMarkDead -> memory[WORD] = memory[WORD] | DEAD };
#if defined(ASYMMETRIC) || defined(ADAPTIVE)
    waitForFaults(0, LAST_PAGE);
#endif
#endif
    atomic { open[0]++; open[LAST_PAGE]++ }
}

/* Ends the subscription. What is dropped then is not dropped by the guard. */
inline endSubscription() {
    markDead();
    atomic { clear(0) };
    changeTable()
}

inline clearInHand(step) {
    held = memory[WORD] + step;
    memory[WORD] = IN_HAND;
    clear(0);
    store(WORD, held);
    held = 0
}

inline start() {
#ifdef ASYMMETRIC
    atomic { isDrained(me) -> memory[WORD] = memory[WORD] + RAISE };
    waitForFaults(first, last);
    atomic { clear(0) }
#else
#ifdef ADAPTIVE
    atomic {
        mayChangeWord -> memory[WORD] = memory[WORD] + RAISE;
        mustWait = (memory[WORD] & (BIASED | REVOKING)) != 0;
        if
        :: mustWait -> memory[WORD] = (memory[WORD] & ~BIASED) | REVOKING
        :: else -> clearInHand(0)
        fi
    };
    if
    :: mustWait ->
        waitForFaults(first, last);
        atomic { mayChangeWord -> memory[WORD] = memory[WORD] & ~REVOKING; clearInHand(0) }
    :: else
    fi;
    mustWait = false
#else
    atomic { mayChangeWord -> clearInHand(RAISE) }
#endif
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
    bool mustWait;
    if
    :: start(); changeAndEnd()
    :: endSubscription()
    fi;
    finished++
}

proctype Ender(byte me) {
    byte version = me * 8;
    byte page, interrupted, first, last = LAST_PAGE;
    bool mustWait;
    endSubscription();
    finished++
}

init {
    byte page;
    atomic {
        fillTable();
#ifdef ADAPTIVE
        if
        :: memory[WORD] = BIASED
        :: memory[WORD] = 0
        fi;
#endif
        run Faulter(0, FAULTS);
        run Faulter(1, 1);
        run Invalidator(2);
        run Ender(3)
    }
}
