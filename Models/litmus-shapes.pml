/*
 * The classic litmus tests, whose answers for Armv8 are known: they test weak-memory.pml itself.
 *
 * A shape is defined by its name. Each thread with two accesses has something between them, LEFT the first such thread's
 * and RIGHT the second's:
 *
 *     NOTHING         two relaxed accesses
 *     FULL_FENCE, RELEASE_FENCE, ACQUIRE_FENCE
 *     DATA, CONTROL   the second depends on the first
 *     ACQUIRES        the first acquires
 *     RELEASES        the second releases
 *     SEQUENTIALS     both are sequentially consistent
 */
#include "weak-memory.pml"

#define NOTHING 0
#define FULL_FENCE 1
#define RELEASE_FENCE 2
#define ACQUIRE_FENCE 3
#define DATA 4
#define CONTROL 5
#define ACQUIRES 6
#define RELEASES 7
#define SEQUENTIALS 8
#ifndef LEFT
#define LEFT NOTHING
#endif
#ifndef RIGHT
#define RIGHT NOTHING
#endif

#define X 0
#define Y 1
#define Z 2
#define A 3

#define firstOf(gap) (gap == SEQUENTIALS -> SEQUENTIAL : (gap == ACQUIRES -> ACQUIRE : RELAXED))
#define secondOf(gap) (gap == SEQUENTIALS -> SEQUENTIAL : (gap == RELEASES -> RELEASE : RELAXED))
#define fenceOf(gap) (gap == FULL_FENCE -> SEQUENTIAL : \
    (gap == RELEASE_FENCE -> RELEASE : (gap == ACQUIRE_FENCE -> ACQUIRE : RELAXED)))

/* Loads fill r[1] and r[2] of the first thread that loads, r[3] and r[4] of the second. */
inline depend(gap, on) {
    if
    :: gap == DATA -> afterData(on)
    :: gap == CONTROL -> afterControl(on)
    :: else
    fi
}
inline storeStore(a, v, b, w, gap) { store(a, v, firstOf(gap)); fence(fenceOf(gap)); store(b, w, secondOf(gap)) }
inline storeLoad(a, v, b, into, gap) { store(a, v, firstOf(gap)); fence(fenceOf(gap)); load(b, secondOf(gap), into) }
inline loadLoad(a, on, b, into, gap) {
    load(a, firstOf(gap), on); fence(fenceOf(gap)); load(b, secondOf(gap), into); depend(gap, on)
}
inline loadStore(a, on, b, w, gap) {
    load(a, firstOf(gap), on); fence(fenceOf(gap)); store(b, w, secondOf(gap)); depend(gap, on)
}

/* Message passing: the flag is seen, and not the message. */
#ifdef MP
inline program() {
    beginThread(0); storeStore(X, 1, Y, 1, LEFT);
    beginThread(1); loadLoad(Y, 1, X, 2, RIGHT)
}
#define outcome (r[1] == 1 && r[2] == 0)
#endif

/* Store buffering: neither sees the other. */
#ifdef SB
inline program() {
    beginThread(0); storeLoad(X, 1, Y, 1, LEFT);
    beginThread(1); storeLoad(Y, 1, X, 2, RIGHT)
}
#define outcome (r[1] == 0 && r[2] == 0)
#endif

/* Load buffering: each sees what the other stores later. */
#ifdef LB
inline program() {
    beginThread(0); loadStore(X, 1, Y, 1, LEFT);
    beginThread(1); loadStore(Y, 2, X, 1, RIGHT)
}
#define outcome (r[1] == 1 && r[2] == 1)
#endif

/* S: the flag is seen, and what is stored after that is the earlier store to X. */
#ifdef S
inline program() {
    beginThread(0); storeStore(X, 2, Y, 1, LEFT);
    beginThread(1); loadStore(Y, 1, X, 1, RIGHT)
}
#define outcome (r[1] == 1 && memory[X] == 2)
#endif

/* R: the second store to Y is the later one, and its thread does not see X. */
#ifdef R
inline program() {
    beginThread(0); storeStore(X, 1, Y, 1, LEFT);
    beginThread(1); storeLoad(Y, 2, X, 1, RIGHT)
}
#define outcome (memory[Y] == 2 && r[1] == 0)
#endif

/* 2+2W: each thread's first store is the later one. */
#ifdef TWO_TWO_W
inline program() {
    beginThread(0); storeStore(X, 2, Y, 1, LEFT);
    beginThread(1); storeStore(Y, 2, X, 1, RIGHT)
}
#define outcome (memory[X] == 2 && memory[Y] == 2)
#endif

/* Write to read causality: a message is passed on by a thread that has only read it. */
#ifdef WRC
inline program() {
    beginThread(0); store(X, 1, RELAXED);
    beginThread(1); loadStore(X, 1, Y, 1, LEFT);
    beginThread(2); loadLoad(Y, 2, X, 3, RIGHT)
}
#define outcome (r[1] == 1 && r[2] == 1 && r[3] == 0)
#endif

/* ISA2: a message is passed on through a second flag. The first thread always releases. */
#ifdef ISA2
inline program() {
    beginThread(0); storeStore(X, 1, Y, 1, RELEASES);
    beginThread(1); loadStore(Y, 1, Z, 1, LEFT);
    beginThread(2); loadLoad(Z, 2, X, 3, RIGHT)
}
#define outcome (r[1] == 1 && r[2] == 1 && r[3] == 0)
#endif

/* Independent reads of independent writes: two threads see two stores in different orders. */
#ifdef IRIW
inline program() {
    beginThread(0); store(X, 1, RELAXED);
    beginThread(1); store(Y, 1, RELAXED);
    beginThread(2); loadLoad(X, 1, Y, 2, LEFT);
    beginThread(3); loadLoad(Y, 3, X, 4, RIGHT)
}
#define outcome (r[1] == 1 && r[2] == 0 && r[3] == 1 && r[4] == 0)
#endif

/* Coherence of one place: two loads see the stores in the wrong order; a load sees what its thread has overwritten; a
 * load sees what its thread stores later; the later store of a thread is not the later one. */
#ifdef CO_RR
inline program() {
    beginThread(0); store(X, 1, RELAXED);
    beginThread(1); load(X, RELAXED, 1); load(X, RELAXED, 2)
}
#define outcome (r[1] == 1 && r[2] == 0)
#endif
#ifdef CO_WR
inline program() { beginThread(0); store(X, 1, RELAXED); load(X, RELAXED, 1) }
#define outcome (r[1] == 0)
#endif
#ifdef CO_RW
inline program() { beginThread(0); load(X, RELAXED, 1); store(X, 1, RELAXED) }
#define outcome (r[1] == 1)
#endif
#ifdef CO_WW
inline program() { beginThread(0); store(X, 1, RELAXED); store(X, 2, RELAXED) }
#define outcome (memory[X] == 1)
#endif

/* Two loads of the same store from one place may change places: between them nothing is ordered (RSW). If they read
 * different stores, they may not (RDW). */
#ifdef RSW
inline program() {
    beginThread(0); storeStore(X, 1, Y, 1, FULL_FENCE);
    beginThread(1);
    load(Y, RELAXED, 1); load(Z, RELAXED, 2); afterData(1);
    load(Z, RELAXED, 3); load(X, RELAXED, 4); afterData(3)
}
#define outcome (r[1] == 1 && r[2] == 0 && r[3] == 0 && r[4] == 0)
#endif
#ifdef RDW
inline program() {
    beginThread(0); storeStore(X, 1, Y, 1, FULL_FENCE);
    beginThread(1);
    load(Y, RELAXED, 1); load(Z, RELAXED, 2); afterData(1);
    load(Z, RELAXED, 3); load(X, RELAXED, 4); afterData(3);
    beginThread(2); store(Z, 1, RELAXED)
}
#define outcome (r[1] == 1 && r[2] == 0 && r[3] == 1 && r[4] == 0)
#endif

/* A load takes the value of a store that still waits for a branch (PPOCA), but not of one whose address or value is not
 * known yet (PPOAA). */
#ifdef PPOCA
#define DEPENDENCY afterControl(1)
#define PPO
#endif
#ifdef PPOAA
#define DEPENDENCY afterData(1)
#define PPO
#endif
#ifdef PPO
inline program() {
    beginThread(0); storeStore(X, 1, Y, 1, FULL_FENCE);
    beginThread(1);
    load(Y, RELAXED, 1); store(Z, 1, RELAXED); DEPENDENCY;
    load(Z, RELAXED, 2); load(X, RELAXED, 3); afterData(2)
}
#define outcome (r[1] == 1 && r[2] == 1 && r[3] == 0)
#endif

/* Two exchanges do not find the same value. */
#ifdef ATOMICITY
inline program() {
    beginThread(0); exchange(X, 1, RELAXED, 1);
    beginThread(1); exchange(X, 2, RELAXED, 2)
}
#define outcome (r[1] == r[2])
#endif

/* Store buffering with seq_cst exchanges of exclusives, and loads that only acquire: the load passes the exchange's
 * store. */
#ifdef SB_EXCHANGES
#define SECOND (RIGHT == SEQUENTIALS -> SEQUENTIAL : ACQUIRE)
inline program() {
    beginThread(0); exchange(X, 1, SEQUENTIAL, 1); load(Y, SECOND, 2);
    beginThread(1); exchange(Y, 1, SEQUENTIAL, 3); load(X, SECOND, 4)
}
#define outcome (r[2] == 0 && r[4] == 0)
#endif

/* Store buffering, membarrier on one side. */
#ifdef SB_MEMBARRIER
inline program() {
    beginThread(0); storeLoad(X, 1, Y, 1, LEFT);
    beginThread(1); store(Y, 1, RELAXED); barrier(SEQUENTIAL); load(X, RELAXED, 2)
}
#define outcome (r[1] == 0 && r[2] == 0)
#endif

active proctype Machine() {
    byte at, index;
    search(outcome)
}
