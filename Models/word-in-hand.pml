/*
 * A stripe's word that is its lock: whoever exchanges it for IN_HAND has it, and stores it back. Whoever includes this
 * defines COUNT_MASK, the open sections in a word.
 *
 * An exchange that finds the word in somebody's hand changes nothing: it is left out, and the fault waits.
 */
#define IN_HAND 1

#define isFreeWord(location) (memory[location] != IN_HAND)
#define isIdleWord(location) (isFreeWord(location) && (memory[location] & COUNT_MASK) == 0)

/* Waits until the word is in nobody's hand, with no section open. What the fault itself has stored it sees at once. */
inline takeTicket(location) {
    load(location, ticket);
    if
    :: ticket != IN_HAND && (ticket & COUNT_MASK) == 0
    :: else -> isDrained(me) && isIdleWord(location) -> ticket = memory[location]
    fi
}

/* Whether the word that is in the fault's hand now, as `word`, is still the ticket. */
inline exchangeWord(location) {
    atomic {
        isDrained(me) && isFreeWord(location);
        word = memory[location];
        memory[location] = IN_HAND;
        isCurrent = word == ticket
    }
}
