/*
 * The orderings that a comment in the engine calls necessary, each pair of partners as a litmus test on weak-memory.pml.
 * The outcome is what must not be. A pairing is chosen by its name, and WITHOUT names one ordering that is left out: an
 * acquire, a release or a fence becomes relaxed, and what is sequentially consistent only acquires and releases.
 *
 * A thread's accesses are those of the path on which all its checks succeed. What the checks must have read for that is
 * part of the outcome. Dependencies do not count, since the code relies on none but in a restartable sequence. If a place
 * of the engine takes a value again, such as 0 in a slot, it is another number here: so the number tells the store.
 */
#include "weak-memory.pml"

/* What WITHOUT can name. */
#define END_RELEASES 1
#define TICKET_ACQUIRES 2
#define PUT_BACK_RELEASES 3
#define HAND_ACQUIRES 4
#define HEAVY_BARRIER 5
#define LIGHT_FENCE 6
#define CLEARED_RELEASES 7
#define SLOT_ACQUIRES 8
#define RELOAD_ACQUIRES 9
#define RELOAD_SEQUENTIAL 10
#define EXCHANGE_SEQUENTIAL 11
#define LIMIT_BEHIND_BARRIER 12
#define PUBLISH_RELEASES 13
#define ANY_RELEASE_OF_THE_SLOT 14
#define ABORT 15
#define TEARDOWN_FENCE 16
#define READER_ACQUIRES 17
#define INSTALL_RELEASES 18
#define CHANGE_SEQUENTIAL 19
#define LOOK_SEQUENTIAL 20
#define ADD_SEQUENTIAL 21
#define CONDITION_SEQUENTIAL 22
#define LINK_RELEASES 23
#define RELINK_RELEASES 24
#define UNLOCK_RELEASES 25
#define LOCK_ACQUIRES 26
#define RECORD_RELEASES 27
#define OWN_ACQUIRES 28
#define COUNT_RELEASES 29
#define COUNT_ACQUIRES 30
#define ODD_RELEASES 31
#define ANY_RELEASE_OF_THE_WORD 32
#define ODD_RELEASES_AND_LOCK_ACQUIRES 33

#define sequential(name) (WITHOUT == (name) -> ACQUIRE_RELEASE : SEQUENTIAL)
#define withoutAcquireAndRelease(name) (WITHOUT == (name) -> RELEASE : ACQUIRE_RELEASE)

/* Places. Some are called by other names where that says more. */
#define TABLE 0
#define SHADOW 1
#define WORD 2
#define SLOT 3
#define LOCK 4

/* The section's end is seen by the ticket, and its change is not seen by the walk. In every guard; the word is the
 * stripe's, the wide one, or the sequence. */
#ifdef TICKET
inline program() {
    beginThread(0); store(TABLE, 1, RELAXED); exchange(WORD, 1, ordered(RELEASE, END_RELEASES), 1);
    beginThread(1); load(WORD, ordered(ACQUIRE, TICKET_ACQUIRES), 2); load(TABLE, RELAXED, 3)
}
#define outcome (r[2] == 1 && r[3] == 0)
#endif

/* A fault whose ticket saw the section's end installs, and the section's clearing is the later store. */
#ifdef LATER_INSTALL
inline program() {
    beginThread(0); store(SHADOW, 9, RELAXED); exchange(WORD, 1, ordered(RELEASE, END_RELEASES), 1);
    beginThread(1); load(WORD, ordered(ACQUIRE, TICKET_ACQUIRES), 2); store(SHADOW, 1, RELAXED)
}
#define outcome (r[2] == 1 && memory[SHADOW] == 9)
#endif

/* `striped`, Stripe: a fault has the word in hand, then the section, whose teardown does not find the install. */
#ifdef WORD_IN_HAND
inline program() {
    beginThread(0);
    exchange(WORD, 1, ordered(ACQUIRE, HAND_ACQUIRES), 1);
    store(SHADOW, 1, RELAXED);
    store(WORD, 10, ordered(RELEASE, PUT_BACK_RELEASES));
    beginThread(1);
    exchange(WORD, 2, withoutAcquireAndRelease(HAND_ACQUIRES), 2);
    load(SHADOW, RELAXED, 3);
    store(WORD, 20, ordered(RELEASE, PUT_BACK_RELEASES))
}
#define outcome (r[1] == 0 && r[2] == 10 && r[3] == 0)
#endif

/* The same, with a walk that may be performed late. The section comes later, and the walk sees its change. */
#ifdef LATE_WALK
inline program() {
    beginThread(0);
    load(TABLE, RELAXED, 3);
    exchange(WORD, 1, ACQUIRE, 1);
    store(WORD, 10, ordered(RELEASE, PUT_BACK_RELEASES));
    beginThread(1);
    exchange(WORD, 2, ACQUIRE_RELEASE, 2);
    store(TABLE, 1, RELAXED)
}
#define outcome (r[1] == 0 && r[2] == 10 && r[3] == 1)
#endif

/* A fault's ticket has the generation that a wide section left in the stripe, and its wide word is from before that
 * section. */
#ifdef WIDE_WORD
#define WIDE TABLE
inline program() {
    beginThread(0);
    exchange(WIDE, 1, RELAXED, 1);
    exchange(WORD, 2, (WITHOUT == ANY_RELEASE_OF_THE_WORD -> ACQUIRE : ACQUIRE_RELEASE), 2);
    store(WORD, 20, (WITHOUT == ANY_RELEASE_OF_THE_WORD -> RELAXED : ordered(RELEASE, PUT_BACK_RELEASES)));
    beginThread(1); load(WORD, ordered(ACQUIRE, TICKET_ACQUIRES), 3); load(WIDE, ACQUIRE, 4)
}
#define outcome (r[3] == 20 && r[4] == 0)
#endif

/* `asymmetric`, `adaptive`: the fault passes its check, the section sees the slot empty, and its teardown does not find
 * the install. With FENCES as ProcessBarrier does without a kernel's barrier, with LOCKED_EXCHANGE as `fenced` does. */
#ifdef PUBLISHED_SLOT
inline program() {
    beginThread(0);
#ifdef LOCKED_EXCHANGE
    exchange(SLOT, 1, sequential(EXCHANGE_SEQUENTIAL), 5);
    load(WORD, sequential(RELOAD_SEQUENTIAL), 1);
#else
    store(SLOT, 1, RELEASE);
#ifdef FENCES
    fence(ordered(SEQUENTIAL, LIGHT_FENCE));
#endif
    load(WORD, ordered(ACQUIRE, RELOAD_ACQUIRES), 1);
#endif
    store(SHADOW, 1, RELAXED);
    store(SLOT, 2, ordered(RELEASE, CLEARED_RELEASES));
    beginThread(1);
    exchange(WORD, 1, RELAXED, 2);
#if defined(FENCES) || defined(LOCKED_EXCHANGE)
    fence(ordered(SEQUENTIAL, HEAVY_BARRIER));
#else
    barrier(ordered(SEQUENTIAL, HEAVY_BARRIER));
#endif
    load(SLOT, ordered(ACQUIRE, SLOT_ACQUIRES), 3);
    load(SHADOW, RELAXED, 4)
}
#define outcome (r[1] == 0 && (r[3] == 0 || r[3] == 2) && r[4] == 0)
#endif

/* A section finds the slot taken by other pages, and not the install that came before them. */
#ifdef EARLIER_INSTALL
#define slotRelease(name) (WITHOUT == (name) || WITHOUT == ANY_RELEASE_OF_THE_SLOT -> RELAXED : RELEASE)
inline program() {
    beginThread(0);
    store(SHADOW, 1, RELAXED);
    store(SLOT, 2, slotRelease(CLEARED_RELEASES));
    store(SLOT, 3, slotRelease(PUBLISH_RELEASES));
    beginThread(1); load(SLOT, ACQUIRE, 1); load(SHADOW, RELAXED, 2)
}
#define outcome (r[1] == 3 && r[2] == 0)
#endif

/* A thread that comes late publishes and passes its check, and the section does not look at its slot. */
#ifdef SLOT_LIMIT
#define LIMIT TABLE
inline program() {
    beginThread(0); store(LIMIT, 1, RELEASE); store(SLOT, 1, RELEASE); load(WORD, ACQUIRE, 1);
    beginThread(1);
    exchange(WORD, 1, RELAXED, 2);
    if
    :: WITHOUT == LIMIT_BEHIND_BARRIER -> load(LIMIT, ACQUIRE, 3); barrier(SEQUENTIAL)
    :: else -> barrier(ordered(SEQUENTIAL, HEAVY_BARRIER)); load(LIMIT, ACQUIRE, 3)
    fi
}
#define outcome (r[1] == 0 && r[3] == 0)
#endif

/* `restartable`: the sequence passes its check and stores, and the teardown does not find that. */
#ifdef SEQUENCE
inline program() {
    beginThread(0);
    if
    :: WITHOUT == ABORT -> skip
    :: else -> beginSequence()
    fi;
    load(WORD, RELAXED, 1); store(SHADOW, 1, RELEASE); afterControl(1);
    if
    :: WITHOUT == ABORT -> skip
    :: else -> endSequence()
    fi;
    beginThread(1); exchange(WORD, 1, RELAXED, 2); barrier(ordered(SEQUENTIAL, HEAVY_BARRIER)); load(SHADOW, RELAXED, 3)
}
#define outcome (r[1] == 0 && r[3] == 0)
#endif

/* `adaptive`: a section has waited for the slot and puts the word back with the bias off. The next one finds that, looks
 * at no slot, and does not find the install. */
#ifdef BIAS_OFF
inline program() {
    beginThread(0); store(SHADOW, 1, RELAXED); store(SLOT, 2, ordered(RELEASE, CLEARED_RELEASES));
    beginThread(1); load(SLOT, ordered(ACQUIRE, SLOT_ACQUIRES), 1); store(WORD, 20, ordered(RELEASE, PUT_BACK_RELEASES));
    beginThread(2); exchange(WORD, 2, withoutAcquireAndRelease(HAND_ACQUIRES), 2); load(SHADOW, RELAXED, 3)
}
#define outcome (r[1] == 2 && r[2] == 20 && r[3] == 0)
#endif

/* A reader of the table acquires the change, and still finds the translation that was torn down before it. */
#ifdef TEARDOWN
inline program() {
    beginThread(0); store(SHADOW, 9, RELAXED); fence(ordered(RELEASE, TEARDOWN_FENCE)); store(TABLE, 1, RELAXED);
    beginThread(1); load(TABLE, ordered(ACQUIRE, READER_ACQUIRES), 1); load(SHADOW, RELAXED, 2)
}
#define outcome (r[1] == 1 && r[2] == 0)
#endif

/* A reader of the shadow table finds a translation, and not what was written before it was installed. So do all flags
 * that say that something is over, and the links of the notifier list. */
#ifdef INSTALL
#define CONTENT TABLE
inline program() {
    beginThread(0); store(CONTENT, 1, RELAXED); store(SHADOW, 1, ordered(RELEASE, INSTALL_RELEASES));
    beginThread(1); load(SHADOW, ordered(ACQUIRE, READER_ACQUIRES), 1); load(CONTENT, RELAXED, 2)
}
#define outcome (r[1] == 1 && r[2] == 0)
#endif

/* NotifierList: an entry that another thread linked is linked anew, when the one before it goes. */
#ifdef RELINK
#define FIELD TABLE
#define NEXT SLOT
#define HEAD WORD
inline program() {
    beginThread(0); store(FIELD, 1, RELAXED); store(NEXT, 1, ordered(RELEASE, LINK_RELEASES));
    beginThread(1); load(NEXT, RELAXED, 1); store(HEAD, 1, ordered(RELEASE, RELINK_RELEASES));
    beginThread(2); load(HEAD, ordered(ACQUIRE, READER_ACQUIRES), 2); load(FIELD, RELAXED, 3)
}
#define outcome (r[1] == 1 && r[2] == 1 && r[3] == 0)
#endif

/* WaitQueue: the waiter finds its condition unchanged and sleeps, and the waker finds nobody. */
#ifdef WAIT_QUEUE
#define WAITERS SLOT
#define CONDITION WORD
inline program() {
    beginThread(0);
    exchange(WAITERS, 1, sequential(ADD_SEQUENTIAL), 1);
    load(CONDITION, sequential(CONDITION_SEQUENTIAL), 2);
    beginThread(1);
    exchange(CONDITION, 1, sequential(CHANGE_SEQUENTIAL), 3);
    load(WAITERS, sequential(LOOK_SEQUENTIAL), 4)
}
#define outcome (r[2] == 0 && r[4] == 0)
#endif

/* OpenSections: a section does not see the new entry's serial, and the registration does not see the section. With
 * COVERS: the end does not see the cover, and settling does not see the end. In both one side stores and the other
 * exchanges. */
#ifdef REGISTRATION
#define SERIAL SLOT
#define COUNTER WORD
inline program() {
    beginThread(0); store(SERIAL, 1, sequential(CHANGE_SEQUENTIAL)); load(COUNTER, sequential(LOOK_SEQUENTIAL), 1);
    beginThread(1); exchange(COUNTER, 1, sequential(ADD_SEQUENTIAL), 2); load(SERIAL, sequential(CONDITION_SEQUENTIAL), 3)
}
#define outcome (r[1] == 0 && r[3] == 0)
#endif

/* A section sees the new serial, and not the entry. */
#ifdef SERIAL_AFTER_LINK
#define HEAD WORD
#define SERIAL SLOT
#define strictly(name) (WITHOUT == (name) -> RELAXED : SEQUENTIAL)
inline program() {
    beginThread(0); store(HEAD, 1, RELEASE); store(SERIAL, 1, strictly(CHANGE_SEQUENTIAL));
    beginThread(1); load(SERIAL, strictly(LOOK_SEQUENTIAL), 1); load(HEAD, ACQUIRE, 2)
}
#define outcome (r[1] == 1 && r[2] == 0)
#endif

/* `range-counter`, and with another count `invlock` and `kvm`: the fault's check under the lock misses the raise, and the
 * teardown misses the install. */
#ifdef INSTALL_LOCK
#define COUNTER WORD
inline program() {
    beginThread(0);
    exchange(LOCK, 1, ordered(ACQUIRE, LOCK_ACQUIRES), 1);
    load(COUNTER, RELAXED, 2);
    store(SHADOW, 1, RELAXED);
    store(LOCK, 10, ordered(RELEASE, UNLOCK_RELEASES));
    beginThread(1);
    exchange(COUNTER, 1, SEQUENTIAL, 3);
    exchange(LOCK, 2, ordered(ACQUIRE, LOCK_ACQUIRES), 4);
    load(SHADOW, RELAXED, 5);
    store(LOCK, 20, ordered(RELEASE, UNLOCK_RELEASES))
}
#define outcome (r[2] == 0 && r[5] == 0 && ((r[1] == 0 && r[4] == 10) || (r[4] == 0 && r[1] == 20)))
#endif

/* SmallReadWriteLock: a reader that fails takes its 1 back without an ordering. The next one still sees what the writer
 * did. */
#ifdef SHARE_IN_BETWEEN
inline program() {
    beginThread(0); store(SHADOW, 1, RELAXED); exchange(LOCK, 1, ordered(RELEASE, UNLOCK_RELEASES), 1);
    beginThread(1); exchange(LOCK, 2, RELAXED, 2);
    beginThread(2); exchange(LOCK, 3, ordered(ACQUIRE, LOCK_ACQUIRES), 3); load(SHADOW, RELAXED, 4)
}
#define outcome (r[2] == 1 && r[3] == 2 && r[4] == 0)
#endif

/* The lock-free readBegin of the interval notifier loads the subscription's own sequence, and then an older one of the
 * space. */
#ifdef OWN_SEQUENCE
#define SPACE WORD
#define OWN SLOT
inline program() {
    beginThread(0); store(SPACE, 7, RELEASE); store(OWN, 7, ordered(RELEASE, RECORD_RELEASES));
    beginThread(1); load(OWN, ordered(ACQUIRE, OWN_ACQUIRES), 1); load(SPACE, ACQUIRE, 2)
}
#define outcome (r[1] == 7 && r[2] == 0)
#endif

/* It loads the odd value of a section that follows another, and does not see the other's change. */
#ifdef ODD_AGAIN
#define SPACE WORD
inline program() {
    beginThread(0); store(TABLE, 1, RELAXED); store(SPACE, 6, RELEASE); store(LOCK, 1, RELEASE);
    beginThread(1);
    load(LOCK, ordered(ACQUIRE, ODD_RELEASES_AND_LOCK_ACQUIRES), 1);
    store(SPACE, 7, (WITHOUT == ODD_RELEASES_AND_LOCK_ACQUIRES -> RELAXED : ordered(RELEASE, ODD_RELEASES)));
    beginThread(2); load(SPACE, ACQUIRE, 2); load(TABLE, RELAXED, 3)
}
#define outcome (r[1] == 1 && r[2] == 7 && r[3] == 0)
#endif

/* `kvm`: a look without the lock sees the count of an end, or of markDead, and not the sequence, or the dead bit. */
#ifdef KVM_COUNT
#define COUNT SLOT
inline program() {
    beginThread(0); store(WORD, 1, RELAXED); store(COUNT, 1, ordered(RELEASE, COUNT_RELEASES));
    beginThread(1); load(COUNT, ordered(ACQUIRE, COUNT_ACQUIRES), 1); load(WORD, ACQUIRE, 2)
}
#define outcome (r[1] == 1 && r[2] == 0)
#endif

active proctype Machine() {
    byte at, index;
    search(outcome)
}
