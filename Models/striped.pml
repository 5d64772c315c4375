/*
 * The guard `striped`: one exchange of the stripe's word shows a fault whether its ticket holds, and is the stripe's lock.
 *
 * A stripe of two pages and one of one page. One invalidator's range is the last two pages, and its section is narrow,
 * or with WIDE_SECTIONS wide; the other's range is the first two pages.
 *
 * Nothing here looks whether a buffer is empty but its owner, so stores that follow each other are one step.
 */
#define PAGES 3
#define STRIPES 2
#define STRIPE(page) ((page) >> 1)
#define WIDE FIRST_WORD
#define WORD(stripe) (FIRST_WORD + 1 + (stripe))
#define LOCATIONS (FIRST_WORD + 1 + STRIPES)

#include "store-buffer.pml"

/* A stripe's word: generation, count of the open narrow sections; or IN_HAND. The wide word: generation, count. */
#define COUNT_ONE 2
#define COUNT_MASK 14

#include "word-in-hand.pml"

#ifdef NO_GENERATION
#define GENERATION 0
#else
#define GENERATION 16
#endif
#define RAISE (COUNT_ONE + GENERATION)

#ifdef WIDE_WITHOUT_GENERATION
#define WIDE_GENERATION 0
#else
#define WIDE_GENERATION GENERATION
#endif

#define isFree(stripe) isFreeWord(WORD(stripe))

/* Waits where somebody else has the word. */
inline validate() {
#ifdef CHECK_APART_FROM_EXCHANGE
    bool wasCurrent = memory[WORD(STRIPE(page))] == ticket;
    exchangeWord(WORD(STRIPE(page)));
    isCurrent = wasCurrent;
    wasCurrent = false;
    ticket = word
#else
    exchangeWord(WORD(STRIPE(page)))
#endif
}

/* On one of two pages. A fault that must begin again may also be given up for one on the other. */
proctype Faulter(byte me; byte lowest; byte faults) {
    byte page, ticket, entry, word;
    bool isCurrent;
    do
    :: faults > 0 ->
        atomic {
            if
            :: page = lowest
            :: page = lowest + 1
            fi;
            takeTicket(WORD(STRIPE(page)))
        };
        /* The guard takes the ticket anew after a wait. Here it may be older: more can go wrong. */
        (memory[WIDE] & COUNT_MASK) == 0;
        /* The walk. */
        load(TABLE(page), entry);
        validate();
        atomic {
            if
            :: isCurrent -> store(SHADOW(page), entry); faults--
            :: else
            fi;
            store(WORD(STRIPE(page)), word);
            ticket = 0; entry = 0; word = 0; isCurrent = false; page = 0
        }
    :: else -> break
    od;
    finished++
}

inline startNarrow() {
    stripe = STRIPE(first);
    do
    :: stripe <= STRIPE(last) ->
        atomic {
            isDrained(me) && isFree(stripe);
#ifdef NARROW_CLEAR_WITHOUT_WORD
            memory[WORD(stripe)] = memory[WORD(stripe)] + RAISE;
            clear(stripe);
#else
            held = memory[WORD(stripe)] + RAISE;
            memory[WORD(stripe)] = IN_HAND;
            clear(stripe);
            store(WORD(stripe), held);
            held = 0;
#endif
            stripe++
        }
    :: else -> stripe = 0; break
    od
}

inline startWide() {
    atomic { isDrained(me) -> memory[WIDE] = memory[WIDE] + RAISE };
    stripe = STRIPE(first);
    do
    :: stripe <= STRIPE(last) ->
        atomic {
#ifdef WIDE_CLEAR_WITHOUT_WORD
            isDrained(me);
            clear(stripe);
#else
            isDrained(me) && isFree(stripe);
            held = memory[WORD(stripe)] + WIDE_GENERATION;
            memory[WORD(stripe)] = IN_HAND;
            clear(stripe);
            store(WORD(stripe), held);
            held = 0;
#endif
            stripe++
        }
    :: else -> stripe = 0; break
    od
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
    byte page, stripe, held;
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
        run Faulter(0, 0, FAULTS);
        run Faulter(1, 1, 1);
#ifdef WIDE_SECTIONS
        run Invalidator(2, true, 1, 2, SECTIONS);
#else
        run Invalidator(2, false, 1, 2, SECTIONS);
#endif
        run Invalidator(3, false, 0, 1, 1)
    }
}
