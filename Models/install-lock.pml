/*
 * The guards whose faults check their ticket under a lock, in whose teardown the section holds the same lock: `invlock`;
 * with KVM the guard `kvm`; with RANGE_COUNTER the guard `range-counter`, whose count the space raises before any lock is
 * taken.
 *
 * Two pages. One invalidator's range is the first page, the other's both. `kvm` compares a fault's page with the hull of
 * the open ranges, and its installs share the lock. `invlock` does so too with RANGED: its reader gives its page as its
 * range, and begins beside sections elsewhere. Without that all sections concern it.
 *
 * What a macro breaks:
 *
 *     CHECK_BEFORE_LOCK    the fault checks its ticket, and then takes the lock
 *     TEARDOWN_UNLOCKED    the section clears without the lock, before it
 *     RAISE_AFTER_UNLOCK   the section gives the lock back and then counts itself
 *     TICKET_AFTER_WALK    the fault walks, and then takes its ticket
 *     NO_SEQUENCE          the fault checks only whether a section is open
 *     HULL_OF_LAST         the hull is the range of the section that started last
 *     HULL_RESET_AT_END    an end resets the hull, although another section is open
 *     LOWER_BEFORE_CHANGE  the count falls before the table changes
 */
#define PAGES 2
#define STRIPE(page) 0
#define LOCK FIRST_WORD
#define SEQUENCE (FIRST_WORD + 1)
#define COUNT (FIRST_WORD + 2)
#define HULL_START (FIRST_WORD + 3)
#define HULL_END (FIRST_WORD + 4)
#define LOCATIONS (FIRST_WORD + 5)

#include "store-buffer.pml"

/* The lock: 0 if it is free, ALONE, or how many faults share it. */
#define ALONE 8
#ifdef KVM
#define shareLock() atomic { isDrained(me) && memory[LOCK] != ALONE -> memory[LOCK] = memory[LOCK] + 1 }
#define giveShareBack() atomic { isDrained(me) -> memory[LOCK] = memory[LOCK] - 1 }
#define COMPARES_HULL
#else
#define shareLock() lockAlone()
#define giveShareBack() unlock()
#endif
#ifdef RANGED
#define COMPARES_HULL
#endif
#define lockAlone() atomic { isDrained(me) && memory[LOCK] == 0 -> memory[LOCK] = ALONE }
#define unlock() store(LOCK, 0)

#ifdef COMPARES_HULL
#define isInHull(start, end) ((start) <= page && page <= (end))
#else
#define isInHull(start, end) true
#endif

/* The words reach memory before the lock is given back, and only its holder writes them. So with the lock held memory has
 * them. */
#ifdef KVM
#define isOpenHere (memory[COUNT] != 0 && isInHull(memory[HULL_START], memory[HULL_END]))
#else
#ifdef RANGE_COUNTER
#define isOpenHere (memory[COUNT] != 0)
#else
#define isOpenHere ((memory[SEQUENCE] & 1) && isInHull(memory[HULL_START], memory[HULL_END]))
#endif
#endif
#ifdef NO_SEQUENCE
#define hasMoved false
#else
#define hasMoved (memory[SEQUENCE] != ticket)
#endif

/* `range-counter` need not ask whether a section is open: each start raises the generation, here the sequence. */
inline check() {
    atomic {
#ifdef RANGE_COUNTER
#ifdef NO_SEQUENCE
        isCurrent = !isOpenHere;
#else
        isCurrent = !hasMoved;
#endif
#else
        isCurrent = !isOpenHere && !hasMoved;
#endif
        ticket = 0
    }
}

/*
 * A fault begins if no section concerns it. What `kvm` looks at for that may be older, or the ends of two hulls: it looks
 * without the lock. So here it does not look at all, and may begin at any time. More can go wrong.
 */
inline takeTicket() {
#ifdef KVM
    load(SEQUENCE, ticket)
#else
#ifdef RANGED
    if
    :: atomic { (memory[SEQUENCE] & 1) == 0 -> ticket = memory[SEQUENCE] }
    :: load(SEQUENCE, ticket); lockAlone(); isCurrent = !isOpenHere && !hasMoved; unlock();
        if
        :: isCurrent -> isCurrent = false
        :: else -> atomic { (memory[SEQUENCE] & 1) == 0 -> ticket = memory[SEQUENCE] }
        fi
    fi
#else
    atomic { !isOpenHere -> ticket = memory[SEQUENCE] }
#endif
#endif
}

proctype Faulter(byte me; byte faults) {
    byte page, ticket, entry;
    bool isCurrent;
    do
    :: faults > 0 ->
        if
        :: page = 0
        :: page = 1
        fi;
#ifdef TICKET_AFTER_WALK
        load(TABLE(page), entry);
        takeTicket();
#else
        takeTicket();
        /* The walk. */
        load(TABLE(page), entry);
#endif
#ifdef CHECK_BEFORE_LOCK
        check();
        shareLock();
#else
        shareLock();
        check();
#endif
        atomic {
            if
            :: isCurrent -> store(SHADOW(page), entry); faults--
            :: else
            fi;
            isCurrent = false;
            entry = 0
        };
        giveShareBack();
        page = 0
    :: else -> break
    od;
    finished++
}

inline setHull(low, high) { store(HULL_START, low); store(HULL_END, high) }

/* With the lock held. */
inline openHull() {
#ifndef HULL_OF_LAST
    if
    :: count == 0 -> setHull(first, last)
    :: else ->
        if
        :: memory[HULL_START] < first -> low = memory[HULL_START]
        :: else -> low = first
        fi;
        if
        :: memory[HULL_END] > last -> high = memory[HULL_END]
        :: else -> high = last
        fi;
        setHull(low, high);
        low = 0; high = 0
    fi
#else
    setHull(first, last)
#endif
}

inline raise() {
#ifndef RANGE_COUNTER
    load(COUNT, count);
    openHull();
    store(COUNT, count + 1);
#ifndef KVM
    if
    :: count == 0 -> load(SEQUENCE, sequence); store(SEQUENCE, sequence + 1); sequence = 0
    :: else
    fi;
#endif
    count = 0
#else
    skip
#endif
}

/* One exchange. */
#define raiseOfSpace() atomic { \
    isDrained(me) -> memory[COUNT] = memory[COUNT] + 1; memory[SEQUENCE] = memory[SEQUENCE] + 1 }

inline start() {
#ifdef RANGE_COUNTER
#ifndef RAISE_AFTER_UNLOCK
    raiseOfSpace();
#endif
#endif
#ifdef TEARDOWN_UNLOCKED
    atomic { clear(0) };
#endif
    lockAlone();
    atomic {
#ifndef TEARDOWN_UNLOCKED
        clear(0);
#endif
#ifndef RAISE_AFTER_UNLOCK
        raise();
#endif
        unlock()
    };
#ifdef RAISE_AFTER_UNLOCK
#ifdef RANGE_COUNTER
    raiseOfSpace()
#else
    isDrained(me) && memory[LOCK] == 0;
    atomic { raise() }
#endif
#endif
}

inline lower() {
#ifdef RANGE_COUNTER
    atomic { isDrained(me) -> memory[COUNT] = memory[COUNT] - 1 }
#else
    lockAlone();
    atomic {
        load(COUNT, count);
#ifdef HULL_RESET_AT_END
        setHull(first, first);
#endif
#ifdef KVM
        load(SEQUENCE, sequence); store(SEQUENCE, sequence + 1); sequence = 0;
        store(COUNT, count - 1);
#else
        store(COUNT, count - 1);
        if
        :: count == 1 -> load(SEQUENCE, sequence); store(SEQUENCE, sequence + 1); sequence = 0
        :: else
        fi;
#endif
        count = 0;
        unlock()
    };
#endif
}

proctype Invalidator(byte me; byte first; byte last; byte sections) {
    byte version = me * 8;
    byte page, count, sequence, low, high;
    do
    :: sections > 0 ->
        start();
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
