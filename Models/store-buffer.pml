/*
 * Memory as x86 keeps it (total store order), with its store buffers explicit, and the rule that every model obeys.
 *
 * A store goes into its process's own buffer and reaches memory later, in the order of the stores; a load looks into
 * the own buffer first. A locked instruction waits until the own buffer is empty and acts on memory in one step; a full
 * fence only waits. A compiler barrier is program order, and so nothing here.
 *
 * Two faulters, the processes 0 and 1, and two invalidators, 2 and 3; each knows itself as `me`. The first faulter
 * installs FAULTS times, the first invalidator opens SECTIONS sections; the others do so once. Whoever includes this
 * defines PAGES, STRIPE(page), lower(), and LOCATIONS: how many bytes memory has; those from FIRST_WORD on are its own.
 */
#ifndef FAULTS
#define FAULTS 1
#endif
#ifndef SECTIONS
#define SECTIONS 1
#endif

#define PROCESSES 4
#define FAULTERS 2
/* As many stores as anybody has between two instructions that empty the buffer, but for faults one after the other. */
#define DEPTH 5

/* An entry of the page table is 1 or above, and each change brings a value that was not there before. */
#define EMPTY 0
#define TABLE(page) (page)
#define SHADOW(page) (PAGES + (page))
#define FIRST_WORD (2 * PAGES)

typedef Buffer {
    byte length;
    byte address[DEPTH];
    byte value[DEPTH]
}

byte memory[LOCATIONS];
Buffer buffer[PROCESSES];
byte finished;

/* Of each page: how many sections have emptied its shadow entry, as others see it, and have not been called to end. */
byte open[PAGES];

hidden byte position;

#define isDrained(process) (buffer[process].length == 0)

inline store(location, stored) {
    atomic {
        buffer[me].length < DEPTH;
        buffer[me].address[buffer[me].length] = location;
        buffer[me].value[buffer[me].length] = stored;
        buffer[me].length++
    }
}

inline load(location, loaded) {
    d_step {
        loaded = memory[location];
        position = 0;
        do
        :: position < buffer[me].length ->
            if
            :: buffer[me].address[position] == location -> loaded = buffer[me].value[position]
            :: else
            fi;
            position++
        :: else -> break
        od
    }
}

/*
 * The rule. From the moment at which a section has emptied an entry until its end is called, nothing is installed for
 * that page, and whatever is installed at other times is what the table holds: it is not stale. Nor can it become so,
 * since the table changes only where the entry is empty. All three are looked at when a store reaches memory, which is
 * when others begin to see it.
 */
inline checkTheRule(location, stored) {
    if
    :: location >= SHADOW(0) && location < SHADOW(PAGES) && stored == EMPTY -> open[location - SHADOW(0)]++
    :: location >= SHADOW(0) && location < SHADOW(PAGES) && stored != EMPTY ->
        assert(open[location - SHADOW(0)] == 0);
        assert(stored == memory[TABLE(location - SHADOW(0))])
    :: location < SHADOW(0) -> assert(memory[SHADOW(location)] == EMPTY)
    :: else
    fi
}

/* The oldest store of a process. */
inline reachMemory(process) {
    checkTheRule(buffer[process].address[0], buffer[process].value[0]);
    memory[buffer[process].address[0]] = buffer[process].value[0];
    position = 1;
    do
    :: position < buffer[process].length ->
        buffer[process].address[position - 1] = buffer[process].address[position];
        buffer[process].value[position - 1] = buffer[process].value[position];
        position++
    :: else -> break
    od;
    buffer[process].length--;
    buffer[process].address[buffer[process].length] = 0;
    buffer[process].value[buffer[process].length] = 0
}

/* Any buffer, at any time. When all is over, every entry that is visible equals the table's. */
active proctype Hardware() {
    do
    :: d_step { buffer[0].length > 0 -> reachMemory(0) }
    :: d_step { buffer[1].length > 0 -> reachMemory(1) }
    :: d_step { buffer[2].length > 0 -> reachMemory(2) }
    :: d_step { buffer[3].length > 0 -> reachMemory(3) }
    :: d_step {
        finished == PROCESSES && isDrained(0) && isDrained(1) && isDrained(2) && isDrained(3) ->
        position = 0;
        do
        :: position < PAGES ->
            assert(memory[SHADOW(position)] == EMPTY || memory[SHADOW(position)] == memory[TABLE(position)]);
            position++
        :: else -> break
        od
    } -> break
    od
}

/*
 * What an invalidator does, beside what its guard asks for. Its range is the pages from `first` to `last`. Stores that
 * follow each other are one step: only the hardware looks into an invalidator's buffer, and takes them one by one.
 */
inline clear(stripe) {
    page = first;
    do
    :: page <= last && STRIPE(page) == stripe -> store(SHADOW(page), EMPTY); page++
    :: page <= last && STRIPE(page) != stripe -> page++
    :: else -> page = 0; break
    od
}

inline changeTable() {
    atomic {
        version++;
        page = first;
        do
        :: page <= last -> store(TABLE(page), version); page++
        :: else -> page = 0; break
        od
    }
}

/* The end is called once others see the change. */
inline callEnd() {
    atomic {
        isDrained(me);
        page = first;
        do
        :: page <= last -> open[page]--; page++
        :: else -> page = 0; break
        od
    }
}

/* All of a section after its start; lower() is the guard's own. */
inline changeAndEnd() {
#ifdef LOWER_BEFORE_CHANGE
    lower();
    changeTable();
    callEnd()
#else
    changeTable();
    callEnd();
    lower()
#endif
}

inline fillTable() {
    page = 0;
    do
    :: page < PAGES -> memory[TABLE(page)] = 1; page++
    :: else -> page = 0; break
    od
}
