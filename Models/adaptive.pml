/*
 * The guard `adaptive`: as `asymmetric`, or with RESTARTING as `restartable`, where a stripe's bias is on, as `striped` where
 * it is off. Whoever invalidates a few pages turns the bias off; a fault that has the stripe's word in hand may turn it on
 * again.
 *
 * One stripe of two pages, and each invalidator's range is one of its pages. With TWO_STRIPES a second stripe of one
 * page: one invalidator's range is the last two pages, the other's the first two. With WIDE_SECTIONS the same, and the
 * sections of the first invalidator are wide.
 */
#ifdef WIDE_SECTIONS
#define TWO_STRIPES
#endif
#ifdef TWO_STRIPES
#define STRIPES 2
#define PAGES 3
#else
#define STRIPES 1
#define PAGES 2
#endif
#define STRIPE(page) ((page) >> 1)
#define FIRST_PAGE(stripe) ((stripe) << 1)
#define LAST_PAGE(stripe) (((stripe) << 1) + 1)

#define SLOT(faulter) (FIRST_WORD + (faulter))
#define WIDE (FIRST_WORD + FAULTERS)
#define WORD(stripe) (WIDE + 1 + (stripe))
#define BIAS(stripe) (WIDE + 1 + STRIPES + (stripe))
#define LOCATIONS (WIDE + 1 + 2 * STRIPES)

#include "store-buffer.pml"

/* A stripe's word: generation, count of the open narrow sections, bias; or IN_HAND. The wide word: generation, count. */
#define BIAS_MASK 6
#define OFF 0
#define REVOKING 2
#define ON 4
#define COUNT_ONE 8
#define COUNT_MASK 24
#ifdef NO_GENERATION
#define GENERATION 0
#else
#define GENERATION 32
#endif
#define RAISE (COUNT_ONE + GENERATION)

#include "word-in-hand.pml"

#define isFree(stripe) isFreeWord(WORD(stripe))

/* The bias is in the stripe's word, or in one of its own, which invalidators change together with it. */
#ifdef BIAS_APART
#define biasOf(stripe) memory[BIAS(stripe)]
#define setBias(stripe, new) memory[BIAS(stripe)] = new
#else
#define biasOf(stripe) (memory[WORD(stripe)] & BIAS_MASK)
#define setBias(stripe, new) memory[WORD(stripe)] = (memory[WORD(stripe)] & ~BIAS_MASK) | new
#endif

#include "adaptive-fault.pml"

#ifdef REVOKING_IS_NOT_WAITED_FOR
#define needsNoWait(stripe) (biasOf(stripe) != ON)
#else
#define needsNoWait(stripe) (biasOf(stripe) == OFF)
#endif

#ifdef WAIT_LIMITED_TO_RANGE
#define LOWEST_TO_WAIT_FOR first
#define HIGHEST_TO_WAIT_FOR last
#else
#define LOWEST_TO_WAIT_FOR FIRST_PAGE((toWaitFor & 1 -> 0 : 1))
#define HIGHEST_TO_WAIT_FOR LAST_PAGE(STRIPE(last))
#endif

/* Of an invalidator's step, after isDrained(me) && isFree(stripe). */
#ifdef NARROW_CLEAR_WITHOUT_WORD
#define clearNarrow(stripe) clear(stripe)
#else
#define clearNarrow(stripe) clearInHand(stripe, 0)
#endif
#ifdef WIDE_CLEAR_WITHOUT_WORD
#define isReadyForWideClear(stripe) isDrained(me)
#define clearWide(stripe) clear(stripe)
#else
#define isReadyForWideClear(stripe) (isDrained(me) && isFree(stripe))
#ifdef WIDE_WITHOUT_GENERATION
#define clearWide(stripe) clearInHand(stripe, 0)
#else
#define clearWide(stripe) clearInHand(stripe, GENERATION)
#endif
#endif

inline clearInHand(stripe, step) {
    held = memory[WORD(stripe)] + step;
    memory[WORD(stripe)] = IN_HAND;
    clear(stripe);
    store(WORD(stripe), held);
    held = 0
}

inline waitForSlots(low, high) {
#ifdef RESTARTING
    skip
#else
    waitForSlot(0, low, high);
    waitForSlot(1, low, high)
#endif
}

/* From the first stripe that is not off on, all are cleared after the wait. Each stripe's bias is off in the end. */
inline startNarrow() {
#ifdef MEMBARRIER_BEFORE_RAISE
    membarrier();
#endif
    stripe = STRIPE(first);
    do
    :: stripe <= STRIPE(last) ->
        atomic {
            isDrained(me) && isFree(stripe);
            memory[WORD(stripe)] = memory[WORD(stripe)] + RAISE;
            if
            :: needsNoWait(stripe) && toWaitFor == 0 -> clearNarrow(stripe)
            :: needsNoWait(stripe) && toWaitFor != 0 -> toWaitFor = toWaitFor | (1 << stripe)
            :: else -> setBias(stripe, REVOKING); toWaitFor = toWaitFor | (1 << stripe)
            fi;
            stripe++
        }
    :: else -> stripe = STRIPE(first); break
    od;
    if
    :: toWaitFor != 0 ->
#ifndef MEMBARRIER_BEFORE_RAISE
        membarrier();
#endif
        waitForSlots(LOWEST_TO_WAIT_FOR, HIGHEST_TO_WAIT_FOR);
        do
        :: stripe <= STRIPE(last) && (toWaitFor & (1 << stripe)) ->
            atomic { isDrained(me) && isFree(stripe) -> setBias(stripe, OFF); clearNarrow(stripe); stripe++ }
        :: stripe <= STRIPE(last) && !(toWaitFor & (1 << stripe)) -> stripe++
        :: else -> break
        od;
        toWaitFor = 0
    :: else
    fi;
    stripe = 0
}

/* Likewise, but each stripe's bias stays what it is. */
inline startWide() {
    atomic { isDrained(me) -> memory[WIDE] = memory[WIDE] + RAISE };
    stripe = STRIPE(first);
    do
    :: stripe <= STRIPE(last) ->
        atomic {
            isReadyForWideClear(stripe);
            if
            :: needsNoWait(stripe) && toWaitFor == 0 -> clearWide(stripe)
            :: else -> toWaitFor = toWaitFor | (1 << stripe)
            fi;
            stripe++
        }
    :: else -> stripe = STRIPE(first); break
    od;
    if
    :: toWaitFor != 0 ->
        membarrier();
        waitForSlots(first, last);
        do
        :: stripe <= STRIPE(last) && (toWaitFor & (1 << stripe)) ->
            atomic { isReadyForWideClear(stripe) -> clearWide(stripe); stripe++ }
        :: stripe <= STRIPE(last) && !(toWaitFor & (1 << stripe)) -> stripe++
        :: else -> break
        od;
        toWaitFor = 0
    :: else
    fi;
    stripe = 0
}

inline lower() {
    if
    :: isWide -> atomic { isDrained(me) -> memory[WIDE] = memory[WIDE] - COUNT_ONE }
    :: else ->
        stripe = STRIPE(first);
        do
        :: stripe <= STRIPE(last) ->
            atomic { isDrained(me) && isFree(stripe) -> memory[WORD(stripe)] = memory[WORD(stripe)] - COUNT_ONE };
            stripe++
        :: else -> stripe = 0; break
        od
    fi
}

proctype Invalidator(byte me; bool isWide; byte first; byte last; byte sections) {
    byte version = me * 8;
    byte page, stripe, toWaitFor, interrupted, held;
    do
    :: sections > 0 ->
        if
        :: isWide -> startWide()
        :: else -> startNarrow()
        fi;
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
        if
        :: setBias(0, ON); setBias(STRIPES - 1, ON)
        :: setBias(0, OFF); setBias(STRIPES - 1, OFF)
        fi;
        run Faulter(0, 0, FAULTS);
#ifdef WIDE_SECTIONS
        run Invalidator(2, true, 1, 2, SECTIONS);
#else
#ifdef TWO_STRIPES
        run Invalidator(2, false, 1, 2, SECTIONS);
#else
        run Invalidator(2, false, 0, 0, SECTIONS);
#endif
#endif
#ifdef TWO_STRIPES
        run Faulter(1, 1, 1);
        run Invalidator(3, false, 0, 1, 1)
#else
        run Faulter(1, 0, 1);
        run Invalidator(3, false, 1, 1, 1)
#endif
    }
}
