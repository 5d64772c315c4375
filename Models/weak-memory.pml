/*
 * Memory as Arm keeps it, for litmus tests: a few threads of a few accesses each, and the question whether an outcome can
 * be reached. It is the counterpart of store-buffer.pml, which keeps memory as x86 does.
 *
 * Armv8 is multi-copy atomic: a store becomes visible to all other threads in one step. So memory is one array. What is
 * weak is the order in which a thread performs its accesses. Here a thread performs them in any order, but:
 *
 *     first                          then                        because
 *     an acquiring load              every later access          it acquires
 *     every earlier access           a releasing store           it releases
 *     a seq_cst store                a later seq_cst load        Arm orders STLR before LDAR
 *     every access before a fence    every access behind it      fence: seq_cst; a releasing one orders only later stores,
 *                                                                an acquiring one only earlier loads
 *     a load                         what depends on it          data or control, where the test says so
 *     a load or store                a store to the same place   coherence
 *     an earlier load                a later one, same place     coherence, unless both read the same store
 *
 * A load whose own thread has an earlier store to the same place, which is not yet performed, takes that value: the store
 * buffer. It then is performed before the store. A read-modify-write is a load and a store between which no other thread
 * stores to the place: a pair of exclusives. So a later access that does not acquire may pass its store half. The
 * single instructions of Armv8.1 are stronger there.
 *
 * Where Arm and the language differ, this takes the weaker of both. A releasing store and a later seq_cst load may change
 * places, although Arm has one instruction for all releasing stores. An acquiring load may be LDAPR. A control dependency
 * counts only where a test states it. What a compiler reorders is nothing beyond this, since no dependency counts by
 * itself. One thing is stronger: the load half of a read-modify-write waits for earlier stores of its thread to the same
 * place.
 *
 * Membarrier, barrier(), interrupts each other thread once, one by one in any order. The interrupt is a full fence
 * between two instructions: whatever comes before it in program order has been performed, and nothing behind it. If the
 * thread is in a restartable sequence, it starts the sequence anew, so an interrupt inside is as good as one just before
 * it.
 *
 * All stores to a place have values of their own, other than 0, with which it begins: so the value tells the store.
 *
 * Whoever includes this defines program(), and a process with the variables `at` and `index` that calls search(). WITHOUT
 * names one thing that program() leaves out.
 */
#define THREADS 4
#define LENGTH 8
#define PLACE(thread, index) ((thread) * LENGTH + (index))
#define BIT(index) (1 << (index))

#define RELAXED 0
#define ACQUIRE 1
#define RELEASE 2
#define ACQUIRE_RELEASE 3
#define SEQUENTIAL 7

#ifndef WITHOUT
#define WITHOUT 0
#endif
#define ordered(order, name) (WITHOUT == (name) -> RELAXED : order)

mtype = { NONE, LOAD, STORE, LOAD_EXCLUSIVE, STORE_EXCLUSIVE, FENCE, BARRIER };

/* The program, which does not change. For each access also the set of those that must come first. */
byte length[THREADS];
mtype kind[32];
byte location[32], value[32], order[32], data[32], before[32];
byte sequenceStart[THREADS], sequenceEnd[THREADS];
byte filledAt[8];

/* The state. */
byte memory[8];
byte r[8];
byte performed[THREADS];
byte interrupted[THREADS];

/* For the steps. All are 0 between them. Those of the first line are used outside of a d_step, where spin undoes each
 * assignment and so must know them. */
byte thread, here, place;
hidden byte there, first, second, source;
bool isOrdered;

#define isLoad(at) (kind[at] == LOAD || kind[at] == LOAD_EXCLUSIVE)
#define isStore(at) (kind[at] == STORE || kind[at] == STORE_EXCLUSIVE)

/* MARK: How a test writes its program. `r[into]` is where a load puts what it has read. */

#define beginThread(number) thread = number

inline emit(what, where, how) {
    here = PLACE(thread, length[thread]);
    kind[here] = what;
    location[here] = where;
    order[here] = how;
    length[thread]++
}

/* No other store to the place has the value. */
inline requireNew(where, what) {
    assert((what) != 0);
    place = 0;
    do
    :: place < THREADS * LENGTH -> assert(!isStore(place) || location[place] != where || value[place] != what); place++
    :: else -> break
    od
}

inline store(where, what, how) { requireNew(where, what); emit(STORE, where, how); value[here] = what }

inline load(where, how, into) { filledAt[into] = length[thread]; emit(LOAD, where, how); value[here] = into }

inline exchange(where, what, how, into) {
    requireNew(where, what);
    filledAt[into] = length[thread];
    emit(LOAD_EXCLUSIVE, where, how);
    value[here] = into;
    emit(STORE_EXCLUSIVE, where, how);
    value[here] = what
}

inline fence(how) {
    if
    :: (how) != RELAXED -> emit(FENCE, 0, how)
    :: else
    fi
}

inline barrier(how) {
    if
    :: (how) != RELAXED -> emit(BARRIER, 0, how)
    :: else
    fi
}

/* The last access depends on what r[on] was loaded with. A branch keeps back only stores. */
inline afterData(on) {
    data[here] = data[here] | BIT(filledAt[on]);
    before[here] = before[here] | BIT(filledAt[on])
}

inline afterControl(on) {
    if
    :: isStore(here) -> before[here] = before[here] | BIT(filledAt[on])
    :: else
    fi
}

/* What is between them is a restartable sequence, whose store is the last access. */
#define beginSequence() sequenceStart[thread] = length[thread]
#define endSequence() sequenceEnd[thread] = length[thread]

/* MARK: The order that each thread keeps. */

#define isFence(at) (kind[at] == FENCE)
#define samePlace(a, b) ((isLoad(a) || isStore(a)) && (isLoad(b) || isStore(b)) && location[a] == location[b])

/* A load waits for an earlier store of its thread only if it may not take the value before the store is performed. */
#define mayForward(from, to) (kind[to] == LOAD && !(kind[from] == STORE_EXCLUSIVE && (order[to] & ACQUIRE)))

#define keepsCoherence(a, b) (samePlace(a, b) && !(isLoad(a) && isLoad(b)) && !(isStore(a) && mayForward(a, b)))
#define keepsOrder(a, b) ( \
    kind[a] == BARRIER || kind[b] == BARRIER \
    || keepsCoherence(a, b) \
    || (isLoad(a) && (order[a] & ACQUIRE)) \
    || (isStore(b) && (order[b] & RELEASE)) \
    || (isStore(a) && isLoad(b) && order[a] == SEQUENTIAL && order[b] == SEQUENTIAL))
#define fences(f, a, b) (isFence(f) && (order[f] == SEQUENTIAL \
    || ((order[f] & ACQUIRE) && isLoad(a)) || ((order[f] & RELEASE) && isStore(b))))

inline keepOrders() {
    for (thread : 0 .. THREADS - 1) {
        second = 0;
        do
        :: second < length[thread] ->
            there = PLACE(thread, second);
            first = 0;
            do
            :: first < second ->
                here = PLACE(thread, first);
                isOrdered = !isFence(here) && keepsOrder(here, there);
                place = here + 1;
                do
                :: place < there -> isOrdered = isOrdered || fences(place, here, there); place++
                :: else -> break
                od;
                if
                :: isOrdered && !isFence(here) -> before[there] = before[there] | BIT(first)
                :: else
                fi;
                first++
            :: else -> break
            od;
            if
            :: isFence(there) -> before[there] = 0; performed[thread] = performed[thread] | BIT(second)
            :: else
            fi;
            second++
        :: else -> break
        od
    };
    thread = 0
}

/* MARK: What happens. */

#define isReady(at, index) ((index) < length[at] && !(performed[at] & BIT(index)) \
    && (before[PLACE(at, index)] & ~performed[at]) == 0)

/*
 * A load takes the value of the nearest earlier store of its thread if that is not yet performed, else memory's. Later
 * loads from the same place that have been performed, up to the next store to it, must have read the same.
 */
inline performLoad() {
    source = memory[location[here]];
    place = index;
    do
    :: place > 0 ->
        place--;
        there = PLACE(at, place);
        if
        :: isStore(there) && location[there] == location[here] ->
            if
            :: !(performed[at] & BIT(place)) ->
                source = value[there];
                isOrdered = (data[there] & ~performed[at]) == 0
            :: else
            fi;
            break
        :: else
        fi
    :: else -> break
    od;
    place = index + 1;
    do
    :: place < length[at] ->
        there = PLACE(at, place);
        if
        :: isStore(there) && location[there] == location[here] -> break
        :: isLoad(there) && location[there] == location[here] && (performed[at] & BIT(place)) ->
            isOrdered = isOrdered && r[value[there]] == source
        :: else
        fi;
        place++
    :: else -> break
    od;
    if
    :: isOrdered -> r[value[here]] = source; performed[at] = performed[at] | BIT(index)
    :: else
    fi
}

/* Does nothing if the access cannot be performed now. */
inline perform() {
    d_step {
        here = PLACE(at, index);
        isOrdered = true;
        if
        :: !isReady(at, index) -> skip
        :: isReady(at, index) && isLoad(here) -> performLoad()
        :: isReady(at, index) && kind[here] == BARRIER ->
            if
            :: interrupted[at] == BIT(THREADS) - 1 -> performed[at] = performed[at] | BIT(index)
            :: else
            fi
        :: isReady(at, index) && isStore(here) ->
            if
            :: kind[here] == STORE || memory[location[here]] == r[value[here - 1]] ->
                memory[location[here]] = value[here];
                performed[at] = performed[at] | BIT(index)
            :: else
            fi
        :: else
        fi;
        here = 0; there = 0; place = 0; source = 0; isOrdered = false
    }
}

/* The interrupt that `at` sends to `index`, if it is at its barrier, and if the other thread is between two instructions.
 * */
inline interrupt() {
    d_step {
        isOrdered = false;
        place = 0;
        do
        :: place < length[at] ->
            if
            :: kind[PLACE(at, place)] == BARRIER && isReady(at, place) -> isOrdered = true
            :: else
            fi;
            place++
        :: else -> break
        od;
        /* The first access of the other that is not performed, and whether a later one is. */
        first = LENGTH;
        place = 0;
        do
        :: place < length[index] ->
            if
            :: !(performed[index] & BIT(place)) && first == LENGTH -> first = place
            :: (performed[index] & BIT(place)) && first != LENGTH && !isFence(PLACE(index, place)) -> isOrdered = false
            :: else
            fi;
            place++
        :: else -> break
        od;
        if
        :: isOrdered && !(first > sequenceStart[index] && first < sequenceEnd[index]) ->
            interrupted[at] = interrupted[at] | BIT(index)
        :: else
        fi;
        first = 0; place = 0; isOrdered = false
    }
}

#define isOver(at) (performed[at] == BIT(length[at]) - 1)

/* Scripts/check-weak-memory prints all that can be reached. */
#ifndef AT_END
bool outcomeIsForbidden = true;
#define AT_END(outcome) outcomeIsForbidden = !(outcome); assert(outcomeIsForbidden)
#endif

/* Runs the program in every order. Once all is over, the outcome must not be there. */
inline search(outcome) {
    atomic { program() };
    d_step {
        keepOrders();
        for (at : 0 .. THREADS - 1) { interrupted[at] = BIT(at) };
        at = 0; here = 0; there = 0; first = 0; second = 0; place = 0; isOrdered = false
    };
    do
    :: isOver(0) && isOver(1) && isOver(2) && isOver(3) ->
        AT_END(outcome);
        break
    :: else ->
        atomic {
            if
            :: at = 0
            :: at = 1
            :: at = 2
            :: at = 3
            fi;
            if
            :: index = 0
            :: index = 1
            :: index = 2
            :: index = 3
            :: index = 4
            :: index = 5
            :: index = 6
            :: index = 7
            fi;
            if
            :: perform()
            :: index < THREADS -> interrupt()
            fi;
            at = 0; index = 0
        }
    od
}
