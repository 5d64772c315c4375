/*
 * The gate of the fallback: a lease, not a lock. A fault that collided too often announces the pages that it needs in
 * its slot of the gate. A start over these pages waits until the slot is empty, but no longer than its courtesy. The
 * fault goes on as before: it validates each ticket, walks again after a collision, and is busy after too many.
 *
 * The driver has a mapping lock of its own. The first invalidator holds it around its sections, and each walk takes it.
 * A walk of the first faulter may also invalidate the other page, with the mapping lock held. The second invalidator
 * opens a section over the second page inside one over the first, without the mapping lock; a start of its own may be
 * not blockable, and then it never waits.
 *
 * The courtesy may be over at any moment, also at once. This also stands for a start that sees a claim too late or not
 * at all, so memory needs no buffers here. A guard's step is one step: the models of the guards take it apart.
 *
 * Every loop ends after a bounded number of rounds, and whoever waits does not run. So a search that finds no deadlock
 * shows that every start ends and that every fault ends, with an install or busy.
 *
 * What a macro takes out or puts in:
 *
 *     OLD_GATE                   the gate as it was: one claim, which is granted once no section is open; a start waits
 *                                for it without a bound, but may pass an ungranted one while a section is open
 *     NO_MAPPING_LOCK            nobody takes the mapping lock
 *     NO_NESTING                 the second invalidator opens the outer section alone
 *     NO_COURTESY                a start waits until no slot claims its pages, however long
 *     OWN_START_WAITS            a start waits for the claim of its own thread, too
 *     FALLBACK_SKIPS_VALIDATION  a fault with a claim installs without a look at its ticket
 *
 * Two pages, each with a guard's word; the first faulter claims both, the second one the second page. A fault claims
 * after COLLISIONS_BEFORE_CLAIM collisions and is busy after COLLISIONS.
 */
#define PAGES 2
#define FAULTERS 2
#define COLLISIONS_BEFORE_CLAIM 1
#define COLLISIONS 3
#ifndef SECTIONS
#define SECTIONS 1
#endif

/* An entry of the page table is 1 or above, and each change brings a value that was not there before. */
#define EMPTY 0
byte table[PAGES];
byte shadow[PAGES];

/* A page's word: generation, count of the open sections. */
#define COUNT_MASK 7
#define RAISE 9
byte word[PAGES];
/* Of each page: how many sections have emptied its shadow entry and have not been called to end. */
byte open[PAGES];

/* A set of pages has a bit for each: what a faulter claims. */
#define FIRST_PAGE 1
#define SECOND_PAGE 2
#define BOTH_PAGES 3
#define HAS(pages, page) (((pages) >> (page)) & 1)
byte claimed[FAULTERS];

bool isMappingLocked;
/* Of the old gate: whether there is a claim, and how many sections are open in the space. */
bool isSpaceClaimed;
byte sectionsOpen;

#ifdef NO_MAPPING_LOCK
#define mayLockMapping true
#else
#define mayLockMapping (!isMappingLocked)
#endif

inline lockMapping() {
    atomic { mayLockMapping -> isMappingLocked = true }
}

inline unlockMapping() {
    isMappingLocked = false
}

#define isClaimant(thread) ((thread) < FAULTERS && claimed[((thread) < FAULTERS -> (thread) : 0)] != 0)
#ifdef OWN_START_WAITS
#define mayEnterAtOnce(thread) false
#else
#define mayEnterAtOnce(thread) isClaimant(thread)
#endif

/* Raises the words of its pages. An old start that is not blockable fails if there is a claim. */
inline enter(pages, isBlockable) {
#ifdef OLD_GATE
    atomic {
        if
        :: !isSpaceClaimed || (isBlockable && sectionsOpen > 0) -> raise(pages)
        :: isSpaceClaimed && !isBlockable -> isRefused = true
        fi
    }
#else
    if
    :: !isBlockable || mayEnterAtOnce(me)
    :: isBlockable && ((claimed[0] | claimed[1]) & (pages)) == 0
#ifndef NO_COURTESY
    :: isBlockable
#endif
    fi;
    atomic { raise(pages) }
#endif
}

inline raise(pages) {
    sectionsOpen++;
    page = 0;
    do
    :: page < PAGES -> word[page] = word[page] + RAISE * HAS(pages, page); page++
    :: else -> page = 0; break
    od
}

inline lower(pages) {
    sectionsOpen--;
    page = 0;
    do
    :: page < PAGES -> word[page] = word[page] - HAS(pages, page); page++
    :: else -> page = 0; break
    od
}

/* Excludes the installs of each page. From here to the end nothing is installed. */
inline clear(pages) {
    page = 0;
    do
    :: atomic { page < PAGES && HAS(pages, page) -> open[page]++; shadow[page] = EMPTY; page++ }
    :: atomic { page < PAGES && !HAS(pages, page) -> page++ }
    :: else -> page = 0; break
    od
}

inline changeTable(pages) {
    version++;
    page = 0;
    do
    :: page < PAGES && HAS(pages, page) -> assert(shadow[page] == EMPTY); table[page] = version; page++
    :: page < PAGES && !HAS(pages, page) -> page++
    :: else -> page = 0; break
    od
}

inline start(pages, isBlockable) {
    enter(pages, isBlockable);
    if
    :: !isRefused -> clear(pages)
    :: else
    fi
}

inline changeAndEnd(pages) {
    atomic { changeTable(pages) };
    atomic {
        page = 0;
        do
        :: page < PAGES -> open[page] = open[page] - HAS(pages, page); page++
        :: else -> page = 0; break
        od
    };
    atomic { lower(pages) }
}

inline announce() {
#ifdef OLD_GATE
    atomic { !isSpaceClaimed -> isSpaceClaimed = true };
    sectionsOpen == 0;
#endif
    claimed[me] = toClaim
}

inline giveBack() {
    atomic {
#ifdef OLD_GATE
        isSpaceClaimed = isSpaceClaimed && claimed[me] == 0;
#endif
        claimed[me] = 0
    }
}

/* The walk of a claimant must not invalidate with the old gate. */
#ifdef OLD_GATE
#define mayInvalidate (me == 0 && claimed[me] == 0)
#else
#define mayInvalidate (me == 0)
#endif

inline walk() {
    lockMapping();
    if
    :: mayInvalidate -> start(SECOND_PAGE, true); changeAndEnd(SECOND_PAGE)
    :: true
    fi;
    entry = table[mine];
    unlockMapping()
}

#ifdef FALLBACK_SKIPS_VALIDATION
#define mayInstall (claimed[me] != 0 || word[mine] == ticket)
#else
#define mayInstall (word[mine] == ticket)
#endif

proctype Faulter(byte me; byte mine; byte toClaim) {
    byte version = me * 16 + 1;
    byte page, ticket, entry, collisions;
    bool isRefused;
    do
    :: collisions < COLLISIONS ->
        if
        :: collisions >= COLLISIONS_BEFORE_CLAIM && claimed[me] == 0 -> announce()
        :: else
        fi;
        atomic { (word[mine] & COUNT_MASK) == 0 -> ticket = word[mine] };
        walk();
        /* The install lock is held: validates the ticket and installs. */
        atomic {
            if
            :: mayInstall ->
                assert(open[mine] == 0);
                assert(entry == table[mine]);
                shadow[mine] = entry;
                ticket = 0; entry = 0;
                break
            :: else -> collisions++; ticket = 0; entry = 0
            fi
        }
    /* Busy. */
    :: else -> break
    od;
    giveBack()
}

/* Sections over both pages, with the mapping lock held. */
proctype Mapper(byte me; byte sections) {
    byte version = me * 16;
    byte page;
    bool isRefused;
    do
    :: sections > 0 ->
        lockMapping();
        start(BOTH_PAGES, true);
        changeAndEnd(BOTH_PAGES);
        unlockMapping();
        sections--
    :: else -> break
    od
}

/* A section over the second page inside one over the first. */
proctype Nester(byte me) {
    byte version = me * 16;
    byte page;
    bool isBlockable, isRefused;
    if
    :: isBlockable = true
    :: isBlockable = false
    fi;
    start(FIRST_PAGE, isBlockable);
    if
    :: !isRefused ->
#ifdef NO_NESTING
        changeAndEnd(FIRST_PAGE)
#else
        start(SECOND_PAGE, isBlockable);
        if
        :: !isRefused -> changeAndEnd(SECOND_PAGE)
        :: else
        fi;
        changeAndEnd(FIRST_PAGE)
#endif
    :: else
    fi
}

init {
    atomic {
        table[0] = 1;
        table[1] = 1;
        run Faulter(0, 0, BOTH_PAGES);
        run Faulter(1, 1, SECOND_PAGE);
        run Mapper(2, SECTIONS);
        run Nester(3)
    }
}
