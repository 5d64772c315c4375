/*
 * Registering while sections are open. A start raises the count of its epoch's parity, then loads the serial of the
 * newest entry, and calls the entries up to that one. A registration publishes its entry and then loads the word with
 * both counts. If a section is open, the guard is put under cover: a section is opened in the guard alone, until all
 * that were open have ended. With e the epoch in the loaded word, they have ended in epoch e + 2; or in epoch e + 1, if
 * the count of e's parity is 0. The epoch is advanced only while the count of the next one's parity is 0. To settle is
 * to advance the epoch if a cover waits for that, and to end the covers that are over. A registration settles after it
 * has noted its cover, and so does an end that lowers a count to 0 and finds covers noted.
 *
 * Two threads register a cache each, in either order; the first one then faults in its own. Two others have sections
 * over both caches. Only the stores of a registration without a fence go through a buffer: all others are one step with
 * a locked instruction. A step of a cache's guard is one step, too: the models of the guards take it apart. A fault's
 * ticket and its walk are one, since a section between them would void the ticket.
 *
 * Beside the rule: while nobody is about to settle, each cover has an open section to wait for. That is a section of
 * the cover's epoch, or of the one before, which keeps the cover's epoch from ending. Both started before the epoch was
 * advanced past the cover's, so later sections cannot prolong a cover for ever. A cover without one is stuck.
 *
 * With LASTING_SECTION only the first thread registers, and the second invalidator has one section, over other pages.
 * It starts when the registration has returned and stays open until the fault has ended: it stands for an endless row
 * of sections, each of which begins before the last one ends. A fault that waits for it is a deadlock.
 *
 * What a macro breaks:
 *
 *     NO_COVER                    a registration does not look for open sections
 *     PUBLISH_NOT_FENCED          a registration publishes the serial by a plain store
 *     SERIAL_BEFORE_RAISE         a start loads the serial before it raises the count
 *     EPOCH_ADVANCED_EARLY        the epoch is advanced while a section of the next one's parity is open
 *     ONE_COUNT                   there is one count, and a cover is over when it is 0
 *     COVERED_AFTER_NOTED         a registration notes the cover before it opens the section in the guard
 *     COVERS_LOADED_BEFORE_LOWER  an end looks for covers before it lowers the count
 *     SETTLED_BY_ENDS_ALONE       a registration does not settle after it has noted its cover
 *
 * The word's generation is left out: nobody here compares it. The epoch begins at 3, so that it wraps around.
 */
#define PAGES 2
#define STRIPE(page) (page)
#define WORD FIRST_WORD
#define SERIAL (FIRST_WORD + 1)
#define LIST_LOCK (FIRST_WORD + 2)
#define COVER_LOCK (FIRST_WORD + 3)
#define COVERS (FIRST_WORD + 4)
#define ENTRY(cache) (FIRST_WORD + 5 + (cache))
#define GUARD(cache) (FIRST_WORD + 5 + PAGES + (cache))
#define LOCATIONS (FIRST_WORD + 5 + 2 * PAGES)

#include "store-buffer.pml"

/* The space's word: epoch, the count of the odd epochs' open sections, that of the even ones'. */
#define EPOCH(word) (((word) >> 4) & 3)
#define ADVANCED(word) (((word) & 15) | (((EPOCH(word) + 1) & 3) << 4))
#define COUNT(epoch, word) (((word) >> (((epoch) & 1) * 2)) & 3)
#define UNIT(epoch) (1 << (((epoch) & 1) * 2))
#define isIdle(word) (((word) & 15) == 0)

/* A guard's word is the count of its open sections, its cover among them. In place of the generation a start voids. */
bool isCurrent;
bool hasSection = true;
#define requireOpenSection(count) hasSection = (count) != 0; assert(hasSection)

/* The covers that are noted, a bit for each cache, and their epochs. Touched with COVER_LOCK held. */
byte noted;
byte epochOf[PAGES];

/* How many threads are about to settle, or to find that there is nothing to settle. */
byte settling;
bool everyCoverEnds = true;
/* Whether a registration has returned, and whether a fault has ended. */
bool hasRegistered, hasFaulted;

/* The newest epoch of which a section is open. */
#define NEWEST_OPEN(word) (COUNT(EPOCH(word), word) == 0 -> (EPOCH(word) + 3) & 3 : EPOCH(word))
#define DISTANCE(cache, word) ((EPOCH(word) - epochOf[cache]) & 3)
#ifdef ONE_COUNT
#define isOver(cache, word) isIdle(word)
#define isLastOfItsParity isIdle(memory[WORD])
#define mayAdvance(word) false
#else
#define isOver(cache, word) \
    (DISTANCE(cache, word) >= 2 || DISTANCE(cache, word) == 1 && COUNT(epochOf[cache], word) == 0)
#define isLastOfItsParity (COUNT(epoch, memory[WORD]) == 0)
#ifdef EPOCH_ADVANCED_EARLY
#define mayAdvance(word) true
#else
#define mayAdvance(word) (COUNT(EPOCH(word) + 1, word) == 0)
#endif
#endif
#define isNoted(cache) ((noted >> (cache)) & 1)
#define mustAdvance(word) (isNoted(0) && DISTANCE(0, word) == 0 || isNoted(1) && DISTANCE(1, word) == 0)
#define isStuck(cache, word) \
    (isNoted(cache) && (isOver(cache, word) || DISTANCE(cache, word) == 0 && mayAdvance(word)))

/* Opens a section in the guards of these caches, and drops what is installed there. */
inline startIn(caches) {
    cache = 0;
    do
    :: cache < PAGES && ((caches) >> cache & 1) ->
        memory[GUARD(cache)]++;
        isCurrent = isCurrent && cache != 0;
        checkTheRule(SHADOW(cache), EMPTY);
        memory[SHADOW(cache)] = EMPTY;
        cache++
    :: cache < PAGES && !((caches) >> cache & 1) -> cache++
    :: else -> cache = 0; break
    od
}

inline endIn(caches) {
    cache = 0;
    do
    :: cache < PAGES && ((caches) >> cache & 1) ->
        requireOpenSection(memory[GUARD(cache)]);
        open[cache]--;
        memory[GUARD(cache)]--;
        cache++
    :: cache < PAGES && !((caches) >> cache & 1) -> cache++
    :: else -> cache = 0; break
    od
}

/* Of a spin lock, which is taken by an exchange. */
#define isFree(address) (isDrained(me) && memory[address] == 0)

inline findOver(cache) {
    if
    :: isNoted(cache) && isOver(cache, word) -> noted = noted & ~(1 << cache); settled = settled | (1 << cache)
    :: else
    fi
}

/* Advances the epoch as long as a cover waits for that, and ends the covers that are over. */
inline settle() {
    atomic { isFree(COVER_LOCK) -> memory[COVER_LOCK] = 1 };
    do
    :: atomic {
        word = memory[WORD];
        findOver(0);
        findOver(1);
        if
        :: mustAdvance(word) && mayAdvance(word)
        :: else -> word = 0; break
        fi
    };
        atomic {
            if
            :: memory[WORD] == word -> memory[WORD] = ADVANCED(word)
            :: else
            fi;
            word = 0
        }
    od;
    atomic { memory[COVERS] = noted; memory[COVER_LOCK] = 0 };
    atomic { endIn(settled); settled = 0; settling-- }
}

#ifdef COVERED_AFTER_NOTED
#define startCover() skip
#define startNotedCover() atomic { startIn(1 << me) }
#else
#define startCover() atomic { isDrained(me) -> startIn(1 << me) }
#define startNotedCover() skip
#endif

inline cover() {
    startCover();
    atomic {
        isFree(COVER_LOCK);
        noted = noted | (1 << me);
        epochOf[me] = NEWEST_OPEN(word);
        memory[COVERS] = noted;
        settling++;
        word = 0
    };
    startNotedCover();
#ifdef SETTLED_BY_ENDS_ALONE
    settling--
#else
    settle()
#endif
}

/*
 * Links the entry and publishes its serial, which others see in this order: with the list's lock held, so in one step.
 * Where the serial is stored like the link, both come later, and so does the lock.
 */
inline publish() {
#ifdef PUBLISH_NOT_FENCED
    atomic {
        isFree(LIST_LOCK);
        memory[LIST_LOCK] = 1;
        serial = memory[SERIAL] + 1;
        store(ENTRY(me), serial);
        store(SERIAL, serial);
        store(LIST_LOCK, 0);
        serial = 0
    }
#else
    atomic { memory[SERIAL] = memory[SERIAL] + 1; memory[ENTRY(me)] = memory[SERIAL] }
#endif
}

inline register() {
    publish();
#ifndef NO_COVER
    load(WORD, word);
    if
    :: !isIdle(word) -> cover()
    :: else -> word = 0
    fi
#endif
}

proctype Faulter(byte me; bool faults) {
    byte cache, serial, word, settled, entry;
    register();
#ifdef LASTING_SECTION
    hasRegistered = true;
#endif
    do
    :: !faults -> break
    /* The ticket and the walk; then validates and installs. */
    :: atomic { faults && memory[GUARD(me)] == 0 -> isCurrent = true; entry = memory[TABLE(me)] };
        atomic {
            isDrained(me);
            if
            :: isCurrent ->
                checkTheRule(SHADOW(me), entry);
                memory[SHADOW(me)] = entry;
                isCurrent = false; entry = 0;
                break
            :: else -> entry = 0
            fi
        }
    od;
#ifdef LASTING_SECTION
    hasFaulted = true;
#endif
    finished++
}

inline raise() {
    atomic { isDrained(me) -> epoch = EPOCH(memory[WORD]); memory[WORD] = memory[WORD] + UNIT(epoch) }
}

/* Entries are linked in the order of their serials: those up to the one that is loaded can be seen. */
inline findEntries() {
    atomic {
        load(SERIAL, serial);
        called = (memory[ENTRY(0)] != 0 && memory[ENTRY(0)] <= serial -> 1 : 0) |
            (memory[ENTRY(1)] != 0 && memory[ENTRY(1)] <= serial -> 2 : 0);
        serial = 0
    }
}

/* A section over other pages calls nobody. */
inline startAll() {
#ifdef SERIAL_BEFORE_RAISE
    findEntries();
    raise();
#else
    raise();
    findEntries();
#endif
    atomic { startIn(called) }
}

inline change() {
    version++;
    checkTheRule(TABLE(0), version);
    memory[TABLE(0)] = version
}

#ifdef COVERS_LOADED_BEFORE_LOWER
#define lookForCovers() hasCovers = memory[COVERS] != 0
#define seesCovers hasCovers
#else
#define lookForCovers() skip
#define seesCovers (memory[COVERS] != 0)
#endif

inline lower() {
    lookForCovers();
    atomic {
        requireOpenSection(COUNT(epoch, memory[WORD]));
        memory[WORD] = memory[WORD] - UNIT(epoch);
        if
        :: isLastOfItsParity -> settling++; isLast = true
        :: else
        fi;
        epoch = 0
    };
    if
    :: isLast ->
        isLast = false;
        if
        :: atomic { !seesCovers -> settling-- }
        :: seesCovers -> settle()
        fi
    :: else
    fi;
    hasCovers = false
}

proctype Invalidator(byte me; byte sections) {
    byte version = me * 8;
    byte cache, epoch, serial, called, word, settled;
    bool isLast, hasCovers;
    do
    :: sections > 0 -> startAll(); atomic { change(); endIn(called); called = 0 }; lower(); sections--
    :: else -> break
    od;
    finished++
}

/* A section over other pages calls nobody. */
proctype LastingInvalidator(byte me) {
    byte cache, epoch, word, settled;
    bool isLast, hasCovers;
    hasRegistered;
    raise();
    hasFaulted;
    lower();
    finished++
}

/* Nobody is about to settle, and a cover has no section to wait for. */
active proctype Watcher() {
end:
    atomic {
        settling == 0 && (isStuck(0, memory[WORD]) || isStuck(1, memory[WORD])) ->
        everyCoverEnds = false;
        assert(everyCoverEnds)
    }
}

init {
    byte page;
    atomic {
        fillTable();
        memory[WORD] = 3 << 4;
        run Faulter(0, true);
        run Invalidator(2, SECTIONS);
#ifdef LASTING_SECTION
        finished++;
        run LastingInvalidator(3)
#else
        run Faulter(1, false);
        run Invalidator(3, 1)
#endif
    }
}
