/* A fault of the guard `adaptive`. */

/* Where the bias has a word of its own, a fault loads it after the ticket, or before. */
#ifdef BIAS_APART
#define ticketBias bias
#define storeRearmed(stripe) store(BIAS(stripe), ON); store(WORD(stripe), ticket)
#else
#define ticketBias (ticket & BIAS_MASK)
#define storeRearmed(stripe) store(WORD(stripe), ticket | ON)
#endif

/* What a faulter no longer needs is set to zero, so that states that differ only in it are one. */
inline reload() {
    atomic {
        load(WORD(STRIPE(page)), word);
        isCurrent = word == ticket;
        word = 0;
        ticket = 0
    };
#ifndef BIASED_FAULT_SKIPS_WIDE
    atomic {
        load(WIDE, word);
        isCurrent = isCurrent && word == wideTicket;
        word = 0;
        wideTicket = 0
    }
#endif
}

#ifdef RESTARTING
#include "sequences.pml"
#else
#include "published-slots.pml"

inline installPublished() {
#ifdef RELOAD_BEFORE_PUBLISH
    reload();
    publish(page);
#else
    publish(page);
    reload();
#endif
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
    fi
}
#endif

/* The bias is off, or the install is a closure, which cannot be restarted. Waits where somebody else has the word. */
inline installLocked() {
    exchangeWord(WORD(STRIPE(page)));
    if
    :: isCurrent ->
        store(SHADOW(page), entry);
        if
        :: store(WORD(STRIPE(page)), ticket)
        :: atomic { storeRearmed(STRIPE(page)) }
        fi;
        faults--
    :: else -> store(WORD(STRIPE(page)), word)
    fi
}

/* The bias is on. The whole word must still be the ticket, and so must the wide word. */
inline installBiased() {
#ifdef RESTARTING
    if
    :: installInSequence()
    :: installLocked()
    fi
#else
    installPublished()
#endif
}

/* On one of two pages. A fault that must begin again may also be given up for one on the other. */
proctype Faulter(byte me; byte lowest; byte faults) {
    byte page, ticket, wideTicket, entry, word, bias;
    bool isCurrent;
    do
    :: faults > 0 ->
        atomic {
            if
            :: page = lowest
            :: page = lowest + 1
            fi;
#ifdef BIAS_BEFORE_TICKET
            load(BIAS(STRIPE(page)), bias)
#else
            takeTicket(WORD(STRIPE(page)))
#endif
        };
#ifdef BIAS_BEFORE_TICKET
        atomic { takeTicket(WORD(STRIPE(page))) };
#endif
#ifdef BIAS_APART
#ifndef BIAS_BEFORE_TICKET
        load(BIAS(STRIPE(page)), bias);
#endif
#endif
        /* The guard takes both tickets anew after a wait. Here the first may be older: more can go wrong. */
        atomic { (memory[WIDE] & COUNT_MASK) == 0 -> wideTicket = memory[WIDE] };
        /* The walk. */
        load(TABLE(page), entry);
        if
        :: ticketBias == ON -> installBiased()
        :: ticketBias == OFF -> installLocked()
        :: else
        fi;
        atomic { ticket = 0; wideTicket = 0; entry = 0; word = 0; bias = 0; isCurrent = false; page = 0 }
    :: else -> break
    od;
    finished++
}
