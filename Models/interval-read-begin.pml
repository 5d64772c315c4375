/*
 * The lock-free readBegin of the interval notifier: a subscription's own sequence is loaded before the space's.
 *
 * Two subscriptions of one page each. One invalidator's range is the first page, the other's both. The space's sequence
 * starts at 2 and is odd while a section over a watched range is open; a subscription's own is the space's while one
 * over its range is open, and an older odd one otherwise. Insertion, removal and release are left out.
 *
 * What is done with a lock held is one step, the exchange apart: others change nothing that is loaded there, and only
 * the hardware looks into the buffers.
 */
#define PAGES 2
#define STRIPE(page) (page)
#define SPACE FIRST_WORD
#define SPACE_LOCK (FIRST_WORD + 1)
#define COUNT (FIRST_WORD + 2)
#define OWN(page) (FIRST_WORD + 3 + (page))
#define OWN_LOCK(page) (FIRST_WORD + 3 + PAGES + (page))
#define LOCATIONS (FIRST_WORD + 3 + 2 * PAGES)

#include "store-buffer.pml"

/* A spin lock: taken by an exchange, given back by a store. */
inline lock(address) {
    atomic { isDrained(me) && memory[address] == 0 -> memory[address] = 1 }
}

inline unlock(address) {
    store(address, 0)
}

/* The other order takes the ticket of a section that began between the two loads. */
inline readBegin() {
#ifdef SPACE_LOADED_FIRST
    load(SPACE, space);
    load(OWN(page), ticket);
#else
    load(OWN(page), ticket);
    load(SPACE, space);
#endif
#ifndef NO_WAIT
    /* Waits once, and does not look again. */
    if
    :: ticket == space -> memory[SPACE] != ticket
    :: else
    fi;
#endif
    space = 0
}

proctype Faulter(byte me; byte faults) {
    byte page, ticket, space, entry;
    bool isCurrent;
    do
    :: faults > 0 ->
        if
        :: page = 0
        :: page = 1
        fi;
        readBegin();
        /* The walk. */
        load(TABLE(page), entry);
#ifdef RETRY_OUTSIDE_LOCK
        isCurrent = memory[OWN(page)] == ticket;
#endif
        atomic {
            lock(OWN_LOCK(page));
#ifndef RETRY_OUTSIDE_LOCK
            isCurrent = memory[OWN(page)] == ticket;
#endif
            if
            :: isCurrent -> store(SHADOW(page), entry); faults--
            :: else
            fi;
            unlock(OWN_LOCK(page));
            ticket = 0; entry = 0; isCurrent = false; page = 0
        }
    :: else -> break
    od;
    finished++
}

inline start() {
    atomic {
        lock(SPACE_LOCK);
        store(COUNT, memory[COUNT] + 1);
        sequence = memory[SPACE] | 1;
        store(SPACE, sequence);
        unlock(SPACE_LOCK)
    };
    /* The callbacks. */
    subscription = first;
    do
    :: subscription <= last ->
        atomic {
            lock(OWN_LOCK(subscription));
#ifndef NOT_RECORDED
            store(OWN(subscription), sequence);
#endif
            clear(subscription);
            unlock(OWN_LOCK(subscription));
            subscription++
        }
    :: else -> subscription = 0; sequence = 0; break
    od
}

inline lower() {
    atomic {
        lock(SPACE_LOCK);
        store(COUNT, memory[COUNT] - 1);
#ifdef EVEN_AT_EVERY_END
        isLast = true
#else
        isLast = memory[COUNT] == 1
#endif
    };
    /* An exchange. */
    if
    :: atomic { isLast && isDrained(me) -> memory[SPACE] = (memory[SPACE] + 1) & ~1; isLast = false }
    :: !isLast
    fi;
    unlock(SPACE_LOCK)
}

proctype Invalidator(byte me; byte first; byte last; byte sections) {
    byte version = me * 8;
    byte page, subscription, sequence;
    bool isLast;
    do
    :: sections > 0 -> start(); changeAndEnd(); sections--
    :: else -> break
    od;
    finished++
}

init {
    byte page;
    atomic {
        fillTable();
        memory[SPACE] = 2;
        memory[OWN(0)] = 1;
        memory[OWN(1)] = 1;
        run Faulter(0, FAULTS);
        run Faulter(1, 1);
        run Invalidator(2, 0, 0, SECTIONS);
        run Invalidator(3, 0, 1, 1)
    }
}
