/*
 * The pins of the registration cache: a get adds 1 to its thread's own word and looks whether the region is live; a put
 * subtracts 1 from its own thread's word and looks whether the region is settled; a sweep adds the words up.
 *
 * Two users, the processes 0 and 1, and a third that drops the region and sweeps. Each user gets the region up to GETS times, and
 * puts it itself or hands it to the other, who puts it. The words go through store buffers (x86's total store order); the
 * state is written by the sweeper, which empties its own buffer by the barrier that comes behind, and by whoever has the lock.
 *
 * The rule: the region is deregistered once, when nobody has it, and in the end it is.
 *
 * What a macro breaks:
 *
 *     NO_MEMBARRIER            the sweep does not make the users' words visible before it adds them up
 *     MEMBARRIER_BEFORE_STATE  it does so before the region is retired and settled
 *     LOOK_BEFORE_PIN          a get looks at the state before its pin
 *     LOOK_BEFORE_UNPIN        a put looks at the state before it takes its pin back
 *     PUT_WITHOUT_LOCK         a put that finds the region settled adds up without the lock of the sweep
 *     PUT_LOOKS_ONCE           it does not look at the state again with the lock
 *     SETTLED_AT_ONCE_UNSEEN   a put acts on a region that is retired and not settled
 *     FAILED_GET_LEAVES        a get that finds the region dropped takes its pin back, and does not look who deregisters
 */
#ifndef GETS
#define GETS 1
#endif
#define USERS 2
#define DEPTH 4

#define LIVE 0
#define RETIRED 1
#define SETTLED 2
#define LEAVING 3

byte state = LIVE;
/* A word holds gets less puts, from 16 on so that it never wraps here. */
#define ZERO 16
byte word[USERS] = ZERO;
typedef Buffer {
    byte length;
    byte value[DEPTH]
}
Buffer buffer[USERS];
hidden byte position;

/* Who has the lock of the sweep, and what nobody in the program knows: pins in use, pins that were handed over. */
bool isLocked, isRegistered = true, everyRegionEnds;
byte inUse, handed, finished;

#define isDrained(user) (buffer[user].length == 0)

inline storeMine(stored) {
    atomic {
        buffer[me].length < DEPTH;
        buffer[me].value[buffer[me].length] = stored;
        buffer[me].length++
    }
}

inline loadMine(loaded) {
    if
    :: buffer[me].length > 0 -> loaded = buffer[me].value[buffer[me].length - 1]
    :: else -> loaded = word[me]
    fi
}

inline reachMemory(user) {
    word[user] = buffer[user].value[0];
    position = 1;
    do
    :: position < buffer[user].length -> buffer[user].value[position - 1] = buffer[user].value[position]; position++
    :: else -> break
    od;
    buffer[user].length--;
    buffer[user].value[buffer[user].length] = 0
}

active proctype Hardware() {
    do
    :: d_step { buffer[0].length > 0 -> reachMemory(0) }
    :: d_step { buffer[1].length > 0 -> reachMemory(1) }
    :: d_step {
        finished == USERS + 1 && isDrained(0) && isDrained(1) ->
        everyRegionEnds = !isRegistered;
        assert(everyRegionEnds)
    } -> break
    od
}

/* The device is told. */
inline deregister() {
    atomic {
        assert(isRegistered && inUse == 0);
        isRegistered = false
    }
}

/* Word by word: what is read first may have changed when the last one is read. */
inline sum(into) {
    into = word[0];
    into = into + word[1] - USERS * ZERO
}

inline lock() { atomic { !isLocked -> isLocked = true } }
inline unlock() { isLocked = false }

/* A pin was taken back, and the state looked at behind that: whoever finds the region settled adds up. */
inline unpinned(seen) {
    if
#ifdef SETTLED_AT_ONCE_UNSEEN
    :: seen == SETTLED || seen == RETIRED ->
#else
    :: seen == SETTLED ->
#endif
        /* Taking the lock is a locked instruction. */
        isDrained(me);
#ifndef PUT_WITHOUT_LOCK
        lock();
#endif
#ifdef PUT_LOOKS_ONCE
        sum(pins);
        isMine = pins == 0;
#else
        sum(pins);
        isMine = (state == SETTLED || state == seen) && pins == 0;
#endif
        if
        :: isMine -> state = LEAVING
        :: else
        fi;
#ifndef PUT_WITHOUT_LOCK
        unlock();
#endif
        if
        :: isMine -> deregister()
        :: else
        fi;
        isMine = false
    :: else
    fi
}

inline unpin() {
#ifdef LOOK_BEFORE_UNPIN
    seen = state;
#endif
    atomic { loadMine(mine); storeMine(mine - 1); mine = 0 };
#ifndef LOOK_BEFORE_UNPIN
    seen = state;
#endif
}

proctype User(byte me; byte gets) {
    byte seen, mine;
    byte pins;
    bool isMine;
    do
    :: gets > 0 ->
        gets--;
#ifdef LOOK_BEFORE_PIN
        atomic { seen = state; if :: seen == LIVE -> inUse++ :: else fi };
        atomic { loadMine(mine); storeMine(mine + 1); mine = 0 };
#else
        atomic { loadMine(mine); storeMine(mine + 1); mine = 0 };
        atomic { seen = state; if :: seen == LIVE -> inUse++ :: else fi };
#endif
        if
        :: seen == LIVE ->
            if
            :: true ->
                inUse--;
                unpin();
                unpinned(seen)
            /* The other one puts it, who has learned of it by something that was stored later. */
            :: me == 0 && handed == 0 -> atomic { isDrained(me); handed = 1 }
            fi
        :: else ->
            unpin();
#ifndef FAILED_GET_LEAVES
            unpinned(seen)
#endif
        fi
    :: me == 1 && handed == 1 ->
        atomic { handed = 2; inUse-- };
        unpin();
        unpinned(seen)
    :: gets == 0 && me == 0 -> break
    :: gets == 0 && me == 1 && handed == 2 -> break
    od;
    /* Nothing was handed over, and nothing will be. */
    atomic { if :: me == 0 && handed == 0 -> handed = 2 :: else fi; seen = 0; finished++ }
}

/* The interrupts arrive one by one, in any order. */
inline membarrier() {
#ifdef NO_MEMBARRIER
    skip
#else
    if
    :: isDrained(0) -> isDrained(1)
    :: isDrained(1) -> isDrained(0)
    fi
#endif
}

proctype Sweeper() {
    byte pins;
    bool isMine;
#ifdef MEMBARRIER_BEFORE_STATE
    membarrier();
#endif
    state = RETIRED;
    lock();
    state = SETTLED;
#ifndef MEMBARRIER_BEFORE_STATE
    membarrier();
#endif
    sum(pins);
    isMine = pins == 0 && state == SETTLED;
    if
    :: isMine -> state = LEAVING
    :: else
    fi;
    unlock();
    if
    :: isMine -> deregister()
    :: else
    fi;
    finished++
}

init {
    atomic {
        run User(0, GETS);
        run User(1, GETS);
        run Sweeper()
    }
}
