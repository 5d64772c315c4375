// What the comparison of Scripts/check-kernel-events runs under strace: one operation after another, each at addresses
// of its own. A line that is written to the module's log tells them apart, there and in strace's recording.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

#define P 4096UL
#define M (2UL << 20)
#define G (1UL << 30)
#define NONE PROT_NONE
#define R PROT_READ
#define RW (PROT_READ | PROT_WRITE)
#define RX (PROT_READ | PROT_EXEC)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARED (MAP_SHARED | MAP_ANONYMOUS)
#define FIXED (MREMAP_MAYMOVE | MREMAP_FIXED)

// The operation's own addresses: 64 GiB from here.
#define AREA (64 * G)
static char *A = (char *)0x100000000000;
static int logger;

static void require(int isFine, const char *what) {
    if (isFine) return;
    perror(what);
    exit(1);
}

static int begin(const char *name) {
    A += AREA;
    require(dprintf(logger, "# operation %s\n", name) > 0, name);
    return 1;
}

// The end of an operation unmaps what it left in its area.
static int end(void) {
    munmap(A, AREA);
    return 0;
}

#define OPERATION_NAMED(name) for (int goesOn = begin(name); goesOn; goesOn = end())

static char *mapFile(size_t offset, size_t size, int protection, int flags, int file, size_t fileOffset) {
    void *place = mmap(A + offset, size, protection, flags | MAP_FIXED_NOREPLACE, file, fileOffset);
    require(place == A + offset, "mmap");
    return place;
}

static char *map(size_t offset, size_t size, int protection, int flags) {
    return mapFile(offset, size, protection, flags, -1, 0);
}

// Writes to every page.
static void put(size_t offset, size_t size) {
    for (size_t at = offset; at < offset + size; at += P) *(volatile char *)(A + at) = 1;
}

// Reads from every page.
static void get(size_t offset, size_t size) {
    for (size_t at = offset; at < offset + size; at += P) (void)*(volatile char *)(A + at);
}

static char *touched(size_t offset, size_t size) {
    map(offset, size, RW, ANON);
    put(offset, size);
    return A + offset;
}

static char *shared(size_t offset, size_t size) {
    map(offset, size, RW, SHARED);
    put(offset, size);
    return A + offset;
}

static char *huge(size_t size) {
    map(0, size, RW, ANON);
    madvise(A, size, MADV_HUGEPAGE);
    put(0, size);
    return A;
}

static int memoryFile(size_t size) {
    int file = memfd_create("file", 0);
    require(file >= 0 && ftruncate(file, size) == 0, "memfd_create");
    return file;
}

// A child runs `body` and leaves.
#define CHILD(body)                  \
    do {                             \
        pid_t child = fork();        \
        require(child >= 0, "fork"); \
        if (child == 0) {            \
            body;                    \
            _exit(0);                \
        }                            \
        waitpid(child, 0, 0);        \
    } while (0)

static void *threadBody(void *argument) { return argument; }

static void runThread(size_t stackSize) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (stackSize) pthread_attr_setstacksize(&attributes, stackSize);
    require(pthread_create(&thread, &attributes, threadBody, 0) == 0, "pthread_create");
    pthread_join(thread, 0);
}

static void *execBody(void *argument) {
    execl("/operations", "/operations", "image", (char *)0);
    return argument;
}

static void execInThread(void) {
    pthread_t thread;
    pthread_create(&thread, 0, execBody, 0);
    pthread_join(thread, 0);
}

static void *waitBody(void *argument) {
    pause();
    return argument;
}

static void exitAmongThreads(void) {
    pthread_t thread;
    pthread_create(&thread, 0, waitBody, 0);
    _exit(0);
}

// Allocates and frees blocks of many sizes, and has another thread do so meanwhile, `depth` deep.
static void *allocateInThreads(void *depth) {
    enum { count = 400 };
    char *blocks[count];
    for (int i = 0; i < count; i++) {
        size_t size = 64 + (size_t)i * i * 7 % 40000;
        blocks[i] = malloc(size);
        for (size_t at = 0; at < size; at += 512) blocks[i][at] = 1;
    }
    if (depth) {
        pthread_t thread;
        require(pthread_create(&thread, 0, allocateInThreads, (char *)depth - 1) == 0, "pthread_create");
        pthread_join(thread, 0);
    }
    for (int i = 0; i < count; i++) free(blocks[i]);
    return 0;
}

static int vmChild(void *argument) {
    munmap(argument, P);
    return 0;
}

// A fresh image maps and leaves.
static int image(void) {
    char *place = mmap(0, 4 * P, RW, ANON, -1, 0);
    place[0] = 1;
    munmap(place, P);
    return 0;
}

static void saveMaps(void) {
    static char buffer[1 << 14];
    int from = open("/proc/self/maps", O_RDONLY), to = open("/maps", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t size;
    while ((size = read(from, buffer, sizeof buffer)) > 0) require(write(to, buffer, size) == size, "/maps");
    close(from);
    close(to);
}

static void unmapping(void) {
    OPERATION_NAMED("munmap of what was touched") munmap(touched(0, 4 * P), 4 * P);
    OPERATION_NAMED("munmap of what was never touched") munmap(map(0, 4 * P, RW, ANON), 4 * P);
    OPERATION_NAMED("munmap of PROT_NONE") munmap(map(0, 4 * P, NONE, ANON), 4 * P);
    OPERATION_NAMED("munmap twice") {
        munmap(touched(0, 4 * P), 4 * P);
        munmap(A, 4 * P);
    }
    OPERATION_NAMED("munmap of the middle") {
        touched(0, 4 * P);
        munmap(A + P, 2 * P);
    }
    OPERATION_NAMED("munmap over holes at both ends") {
        touched(2 * P, P);
        touched(5 * P, P);
        munmap(A, 9 * P);
    }
    OPERATION_NAMED("munmap with a size that is no multiple of a page") {
        touched(0, 4 * P);
        munmap(A, P + 1);
    }
    OPERATION_NAMED("munmap of a part, split within a whole 2 MiB block") {
        map(0, 4 * M, RW, ANON);
        put(M, 8 * P);
        munmap(A + M + 4 * P, 4 * P);
    }
    OPERATION_NAMED("munmap of a part that ends on a 2 MiB border") {
        map(0, 4 * M, RW, ANON);
        put(M, 8 * P);
        munmap(A + M + 4 * P, M - 4 * P);
    }
    OPERATION_NAMED("munmap of the first pages of an aligned 2 MiB mapping") {
        map(0, M, RW, ANON);
        put(0, 8 * P);
        munmap(A, 4 * P);
    }
    OPERATION_NAMED("munmap of a part, the block reaches outside the mapping") {
        map(P, M, RW, ANON);
        put(P, 8 * P);
        munmap(A + 4 * P, 4 * P);
    }
    OPERATION_NAMED("munmap of a part of 4 MiB that was never touched") {
        map(0, 4 * M, RW, ANON);
        munmap(A + M + 4 * P, 4 * P);
    }
    OPERATION_NAMED("munmap over two mappings, both split within blocks") {
        map(0, 4 * M, RW, ANON);
        map(4 * M, 4 * M, R, ANON);
        put(0, 4 * M);
        get(4 * M, 4 * M);
        munmap(A + M + P, 5 * M);
    }
    OPERATION_NAMED("munmap of part of a huge page") {
        huge(2 * M);
        munmap(A + P, P);
    }
    OPERATION_NAMED("munmap of a whole huge page") munmap(huge(2 * M), M);
    OPERATION_NAMED("munmap of part of a shared mapping of 4 MiB") {
        shared(0, 4 * M);
        munmap(A + M + P, P);
    }
    OPERATION_NAMED("munmap of part of a file's private mapping of 4 MiB") {
        int file = memoryFile(4 * M);
        mapFile(0, 4 * M, R, MAP_PRIVATE, file, 0);
        get(0, 4 * M);
        munmap(A + M + P, P);
        close(file);
    }
}

static void mapping(void) {
    OPERATION_NAMED("MAP_FIXED over a whole mapping") {
        touched(0, 4 * P);
        mmap(A, 4 * P, RW, ANON | MAP_FIXED, -1, 0);
    }
    OPERATION_NAMED("MAP_FIXED over nothing") mmap(A, 4 * P, RW, ANON | MAP_FIXED, -1, 0);
    OPERATION_NAMED("MAP_FIXED over a partly mapped place") {
        touched(2 * P, P);
        touched(5 * P, P);
        mmap(A, 9 * P, RW, ANON | MAP_FIXED, -1, 0);
    }
    OPERATION_NAMED("MAP_FIXED into the middle of an untouched reserve") {
        map(0, 4 * M, NONE, ANON | MAP_NORESERVE);
        mmap(A + M + 3 * P, 5 * P, RW, ANON | MAP_FIXED, -1, 0);
        put(M + 3 * P, 5 * P);
        mmap(A + M + 8 * P, 5 * P, RW, ANON | MAP_FIXED, -1, 0);
    }
    OPERATION_NAMED("MAP_FIXED of PROT_NONE over a touched part of 4 MiB") {
        touched(0, 4 * M);
        mmap(A + M + 3 * P, 5 * P, NONE, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0);
    }
    OPERATION_NAMED("MAP_FIXED of files, as a dynamic loader does") {
        int file = memoryFile(16 * P);
        mapFile(0, 16 * P, R, MAP_PRIVATE, file, 0);
        mmap(A + 4 * P, 4 * P, RX, MAP_PRIVATE | MAP_FIXED, file, 4 * P);
        mmap(A + 8 * P, 4 * P, R, MAP_PRIVATE | MAP_FIXED, file, 8 * P);
        mmap(A + 12 * P, 4 * P, RW, MAP_PRIVATE | MAP_FIXED, file, 12 * P);
        put(12 * P, 4 * P);
        mprotect(A + 12 * P, 2 * P, R);
        close(file);
    }
    OPERATION_NAMED("MAP_FIXED_NOREPLACE over a mapping") {
        touched(0, 4 * P);
        mmap(A, 4 * P, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
    }
    OPERATION_NAMED("a hint that is not free") {
        touched(0, 4 * P);
        munmap(mmap(A, 4 * P, RW, ANON, -1, 0), 4 * P);
    }
    OPERATION_NAMED("nothing") munmap(A, 4 * P);
}

static void protecting(void) {
    OPERATION_NAMED("mprotect of what was touched") {
        touched(0, 4 * P);
        mprotect(A, 4 * P, R);
    }
    OPERATION_NAMED("mprotect to the same rights") {
        touched(0, 4 * P);
        mprotect(A, 4 * P, RW);
        mprotect(A + P, P, RW);
    }
    OPERATION_NAMED("mprotect of what was never touched") {
        map(0, 4 * P, RW, ANON);
        mprotect(A, 4 * P, R);
    }
    OPERATION_NAMED("mprotect of PROT_NONE that never had rights") {
        map(0, 64 * M, NONE, ANON | MAP_NORESERVE);
        mprotect(A, 33 * P, RW);
    }
    OPERATION_NAMED("mprotect that grows an arena") {
        map(0, 64 * M, NONE, ANON | MAP_NORESERVE);
        mprotect(A, 33 * P, RW);
        put(0, 33 * P);
        mprotect(A + 33 * P, P, RW);
        put(33 * P, P);
        mprotect(A + 34 * P, 4 * P, RW);
    }
    OPERATION_NAMED("mprotect that grows an arena into the next 2 MiB") {
        map(0, 64 * M, NONE, ANON | MAP_NORESERVE);
        mprotect(A, M - P, RW);
        put(0, M - P);
        mprotect(A + M - P, 33 * P, RW);
        put(M - P, 33 * P);
    }
    OPERATION_NAMED("mprotect that shrinks an arena") {
        map(0, 64 * M, NONE, ANON | MAP_NORESERVE);
        mprotect(A, 64 * P, RW);
        put(0, 64 * P);
        mprotect(A + 32 * P, 32 * P, NONE);
    }
    OPERATION_NAMED("mprotect of the middle") {
        touched(0, 6 * P);
        mprotect(A + 2 * P, 2 * P, R);
    }
    OPERATION_NAMED("mprotect over three mappings whose rights all change") {
        touched(0, 6 * P);
        mprotect(A + 2 * P, 2 * P, R);
        mprotect(A, 6 * P, NONE);
    }
    OPERATION_NAMED("mprotect over three mappings of which one has the rights") {
        touched(0, 6 * P);
        mprotect(A + 2 * P, 2 * P, R);
        mprotect(A, 6 * P, R);
    }
    OPERATION_NAMED("mprotect back and forth joins the mappings again") {
        touched(0, 6 * P);
        mprotect(A + 2 * P, 2 * P, R);
        mprotect(A + 2 * P, 2 * P, RW);
        mprotect(A, 6 * P, R);
    }
    OPERATION_NAMED("mprotect of a part within a whole 2 MiB block") {
        touched(0, 4 * M);
        mprotect(A + M + P, P, R);
    }
    OPERATION_NAMED("mprotect that moves a border between two mappings") {
        touched(0, 4 * M);
        mprotect(A + 2 * M, 2 * M, R);
        mprotect(A + 2 * M, M / 2, RW);
    }
    OPERATION_NAMED("mprotect with a hole in the range") {
        touched(0, 2 * P);
        touched(4 * P, 2 * P);
        mprotect(A, 6 * P, R);
    }
    OPERATION_NAMED("mprotect that starts in a hole") {
        touched(4 * P, 2 * P);
        mprotect(A, 6 * P, R);
    }
    OPERATION_NAMED("mprotect with a size that is no multiple of a page") {
        touched(0, 4 * P);
        mprotect(A, P + 1, R);
    }
    OPERATION_NAMED("mprotect of a shared mapping") mprotect(shared(0, 4 * P), 4 * P, R);
    OPERATION_NAMED("mprotect of a file's private mapping") {
        int file = memoryFile(8 * P);
        mapFile(0, 8 * P, RW, MAP_PRIVATE, file, 0);
        put(0, 4 * P);
        mprotect(A, 2 * P, R);
        mprotect(A, 8 * P, R);
        close(file);
    }
    OPERATION_NAMED("mprotect to writable is refused for a read-only file") {
        int file = memoryFile(4 * P);
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        int again = open(path, O_RDONLY);
        mapFile(0, 4 * P, R, MAP_SHARED, again, 0);
        get(0, 4 * P);
        mprotect(A, 4 * P, RW);
        close(again);
        close(file);
    }
    OPERATION_NAMED("mprotect over a border of GiB") {
        map(G - 2 * M, 4 * M, RW, ANON);
        put(G - 2 * M, 4 * M);
        mprotect(A + G - 2 * M, 4 * M, R);
    }
    OPERATION_NAMED("mprotect that begins in an untouched 2 MiB") {
        map(0, 8 * M, RW, ANON);
        put(4 * M, P);
        mprotect(A, 8 * M, R);
    }
    OPERATION_NAMED("mprotect of what was discarded") {
        touched(0, 4 * P);
        madvise(A, 4 * P, MADV_DONTNEED);
        mprotect(A, 4 * P, R);
    }
    OPERATION_NAMED("mprotect of what MAP_POPULATE touched") {
        map(0, 4 * P, RW, ANON | MAP_POPULATE);
        mprotect(A, 4 * P, NONE);
        mprotect(A, 4 * P, RX);
    }
    OPERATION_NAMED("mprotect of a JIT's pages between writable and executable") {
        touched(0, 16 * P);
        for (int turn = 0; turn < 3; turn++) {
            mprotect(A + 4 * P, 4 * P, RX);
            mprotect(A + 4 * P, 4 * P, RW);
        }
    }
}

static void moving(void) {
    OPERATION_NAMED("mremap that moves") {
        touched(0, 4 * P);
        map(4 * P, P, R, ANON);
        munmap(mremap(A, 4 * P, 8 * P, MREMAP_MAYMOVE), 8 * P);
    }
    OPERATION_NAMED("mremap that moves what was never touched") {
        map(0, 4 * P, RW, ANON);
        map(4 * P, P, R, ANON);
        munmap(mremap(A, 4 * P, 8 * P, MREMAP_MAYMOVE), 8 * P);
    }
    OPERATION_NAMED("mremap that grows in place") {
        touched(0, 4 * P);
        mremap(A, 4 * P, 8 * P, 0);
        put(4 * P, 4 * P);
        mprotect(A, 8 * P, R);
    }
    OPERATION_NAMED("mremap that cannot grow in place") {
        touched(0, 4 * P);
        map(4 * P, P, R, ANON);
        mremap(A, 4 * P, 8 * P, 0);
    }
    OPERATION_NAMED("mremap that shrinks") {
        touched(0, 8 * P);
        mremap(A, 8 * P, 2 * P, 0);
    }
    OPERATION_NAMED("mremap that shrinks within a whole 2 MiB block") {
        touched(0, 4 * M);
        mremap(A, 4 * M, M + P, MREMAP_MAYMOVE);
    }
    OPERATION_NAMED("mremap to a fixed place that is free") {
        touched(0, 4 * P);
        mremap(A, 4 * P, 4 * P, FIXED, A + 16 * P);
    }
    OPERATION_NAMED("mremap to a fixed place that is mapped") {
        touched(0, 4 * P);
        touched(16 * P, 4 * P);
        mremap(A, 4 * P, 4 * P, FIXED, A + 16 * P);
    }
    OPERATION_NAMED("mremap to a fixed place that is partly mapped") {
        touched(0, 4 * P);
        touched(17 * P, P);
        mremap(A, 4 * P, 4 * P, FIXED, A + 16 * P);
    }
    OPERATION_NAMED("mremap to a fixed place, smaller") {
        touched(0, 8 * P);
        touched(16 * P, 8 * P);
        mremap(A, 8 * P, 2 * P, FIXED, A + 16 * P);
    }
    OPERATION_NAMED("mremap to a fixed place, larger") {
        touched(0, 2 * P);
        mremap(A, 2 * P, 8 * P, FIXED, A + 16 * P);
    }
    OPERATION_NAMED("mremap to a fixed place from two mappings fails after it unmapped the place") {
        touched(0, 4 * P);
        mprotect(A + 2 * P, 2 * P, R);
        touched(16 * P, 4 * P);
        mremap(A, 4 * P, 4 * P, FIXED, A + 16 * P);
        munmap(A + 16 * P, 4 * P);
    }
    OPERATION_NAMED("mremap to a fixed place from nothing") {
        touched(16 * P, 4 * P);
        mremap(A, 4 * P, 4 * P, FIXED, A + 16 * P);
    }
    OPERATION_NAMED("mremap to a fixed place that overlaps the source is refused") {
        touched(0, 8 * P);
        mremap(A, 4 * P, 4 * P, FIXED, A + 2 * P);
    }
    OPERATION_NAMED("mremap with DONTUNMAP") {
        touched(0, 4 * P);
        munmap(mremap(A, 4 * P, 4 * P, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0), 4 * P);
        munmap(A, 4 * P);
    }
    OPERATION_NAMED("mremap with DONTUNMAP to a fixed place that is mapped") {
        touched(0, 4 * P);
        touched(16 * P, 4 * P);
        mremap(A, 4 * P, 4 * P, FIXED | MREMAP_DONTUNMAP, A + 16 * P);
    }
    OPERATION_NAMED("mremap of an old size of 0 gives a second place") {
        shared(0, 4 * P);
        mremap(A, 0, 4 * P, FIXED, A + 16 * P);
    }
    OPERATION_NAMED("mremap of the middle of 4 MiB") {
        touched(0, 4 * M);
        mremap(A + M + P, 4 * P, 4 * P, FIXED, A + 8 * M);
    }
    OPERATION_NAMED("mremap of a file's mapping") {
        int file = memoryFile(8 * P);
        mapFile(0, 8 * P, RW, MAP_SHARED, file, 0);
        put(0, 8 * P);
        mremap(A, 4 * P, 4 * P, FIXED, A + 16 * P);
        close(file);
    }
    OPERATION_NAMED("mremap that moves twice, then mprotect") {
        touched(0, 4 * P);
        mremap(A, 4 * P, 4 * P, FIXED, A + 16 * P);
        mremap(A + 16 * P, 4 * P, 4 * P, FIXED, A + 32 * P);
        mprotect(A + 32 * P, 4 * P, R);
    }
}

static void advising(void) {
    OPERATION_NAMED("DONTNEED of what was touched") madvise(touched(0, 4 * P), 4 * P, MADV_DONTNEED);
    OPERATION_NAMED("DONTNEED of what was never touched") madvise(map(0, 4 * P, RW, ANON), 4 * P, MADV_DONTNEED);
    OPERATION_NAMED("DONTNEED over three mappings") {
        touched(0, 6 * P);
        mprotect(A + 2 * P, 2 * P, R);
        madvise(A + P, 4 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("DONTNEED over a guard page") {
        map(0, 16 * P, NONE, ANON | MAP_STACK);
        mprotect(A + P, 15 * P, RW);
        put(8 * P, 8 * P);
        madvise(A, 12 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("DONTNEED with a hole in the range") {
        touched(0, 2 * P);
        touched(4 * P, 2 * P);
        madvise(A, 8 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("DONTNEED of nothing") madvise(A, 8 * P, MADV_DONTNEED);
    OPERATION_NAMED("DONTNEED of locked pages is refused") {
        touched(0, 4 * P);
        mlock(A, 4 * P);
        madvise(A, 4 * P, MADV_DONTNEED);
        madvise(A, 4 * P, MADV_DONTNEED_LOCKED);
    }
    OPERATION_NAMED("DONTNEED of part of 4 MiB") {
        touched(0, 4 * M);
        madvise(A + M + P, 4 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("DONTNEED of part of a huge page") madvise(huge(2 * M) + P, 4 * P, MADV_DONTNEED);
    OPERATION_NAMED("DONTNEED of a shared mapping") madvise(shared(0, 4 * P), 2 * P, MADV_DONTNEED);
    OPERATION_NAMED("FREE") madvise(touched(0, 4 * P), 4 * P, MADV_FREE);
    OPERATION_NAMED("FREE over three mappings") {
        touched(0, 6 * P);
        mprotect(A + 2 * P, 2 * P, R);
        madvise(A, 6 * P, MADV_FREE);
    }
    OPERATION_NAMED("FREE with a hole in the range") {
        touched(0, 2 * P);
        touched(4 * P, 2 * P);
        madvise(A, 6 * P, MADV_FREE);
    }
    OPERATION_NAMED("FREE of a shared mapping is refused") {
        touched(0, 2 * P);
        shared(2 * P, 2 * P);
        madvise(A, 4 * P, MADV_FREE);
    }
    OPERATION_NAMED("REMOVE of shared pages") madvise(shared(0, 8 * P) + 2 * P, 2 * P, MADV_REMOVE);
    OPERATION_NAMED("REMOVE of a file that is mapped twice") {
        int file = memoryFile(8 * P);
        mapFile(0, 8 * P, RW, MAP_SHARED, file, 0);
        mapFile(16 * P, 8 * P, RW, MAP_SHARED, file, 0);
        put(0, 8 * P);
        put(16 * P, 8 * P);
        madvise(A + 2 * P, 2 * P, MADV_REMOVE);
        close(file);
    }
    OPERATION_NAMED("COLD") madvise(touched(0, 4 * P), 4 * P, MADV_COLD);
    OPERATION_NAMED("PAGEOUT of what was touched") madvise(touched(0, 4 * P), 4 * P, MADV_PAGEOUT);
    OPERATION_NAMED("PAGEOUT of what was never touched") madvise(map(0, 4 * P, RW, ANON), 4 * P, MADV_PAGEOUT);
    OPERATION_NAMED("WILLNEED, SEQUENTIAL, RANDOM, NORMAL") {
        touched(0, 4 * P);
        madvise(A, 4 * P, MADV_WILLNEED);
        madvise(A, 4 * P, MADV_SEQUENTIAL);
        madvise(A, 4 * P, MADV_RANDOM);
        madvise(A, 4 * P, MADV_NORMAL);
    }
    OPERATION_NAMED("POPULATE_READ") madvise(map(0, 4 * P, RW, ANON), 4 * P, MADV_POPULATE_READ);
    OPERATION_NAMED("POPULATE_WRITE of what was never touched") {
        madvise(map(0, 4 * P, RW, ANON), 4 * P, MADV_POPULATE_WRITE);
    }
    OPERATION_NAMED("POPULATE_WRITE over zero pages") {
        map(0, 4 * P, RW, ANON);
        get(0, 4 * P);
        madvise(A, 4 * P, MADV_POPULATE_WRITE);
    }
    OPERATION_NAMED("COLLAPSE") madvise(touched(0, 2 * M), 2 * M, MADV_COLLAPSE);
    OPERATION_NAMED("DONTFORK of a part within a whole 2 MiB block") {
        touched(0, 4 * M);
        madvise(A + M + P, P, MADV_DONTFORK);
        madvise(A + M + P, P, MADV_DOFORK);
    }
    OPERATION_NAMED("NOHUGEPAGE of a part, and then HUGEPAGE of all") {
        touched(0, 4 * M);
        madvise(A + M + P, P, MADV_NOHUGEPAGE);
        madvise(A, 4 * M, MADV_HUGEPAGE);
    }
    OPERATION_NAMED("DONTDUMP keeps mappings apart") {
        touched(0, 4 * P);
        madvise(A + 2 * P, 2 * P, MADV_DONTDUMP);
        madvise(A, 4 * P, MADV_DONTNEED);
        madvise(A + 2 * P, 2 * P, MADV_DODUMP);
        madvise(A, 4 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("mappings that are neighbours are one") {
        touched(0, 2 * P);
        touched(2 * P, 2 * P);
        madvise(A, 4 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("NORESERVE keeps mappings apart") {
        touched(0, 2 * P);
        map(2 * P, 2 * P, RW, ANON | MAP_NORESERVE);
        madvise(A, 4 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("PROT_NONE that was writable and that never was are apart") {
        map(0, 4 * P, NONE, ANON);
        mprotect(A, 2 * P, RW);
        put(0, 2 * P);
        mprotect(A, 2 * P, NONE);
        madvise(A, 4 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("PROT_NONE NORESERVE that was writable joins its neighbour") {
        map(0, 4 * P, NONE, ANON | MAP_NORESERVE);
        mprotect(A, 2 * P, RW);
        put(0, 2 * P);
        mprotect(A, 2 * P, NONE);
        madvise(A, 4 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("shared mappings are never one") {
        shared(0, 2 * P);
        shared(2 * P, 2 * P);
        madvise(A, 4 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("parts of a file that follow each other are one") {
        int file = memoryFile(8 * P);
        mapFile(0, 4 * P, R, MAP_PRIVATE, file, 0);
        mapFile(4 * P, 4 * P, R, MAP_PRIVATE, file, 4 * P);
        get(0, 8 * P);
        madvise(A, 8 * P, MADV_DONTNEED);
        close(file);
    }
    OPERATION_NAMED("parts of a file that do not follow each other are two") {
        int file = memoryFile(8 * P);
        mapFile(0, 4 * P, R, MAP_PRIVATE, file, 4 * P);
        mapFile(4 * P, 4 * P, R, MAP_PRIVATE, file, 0);
        get(0, 8 * P);
        madvise(A, 8 * P, MADV_DONTNEED);
        close(file);
    }
    OPERATION_NAMED("moved pages do not join their new neighbour") {
        touched(0, 2 * P);
        touched(16 * P, 2 * P);
        mremap(A, 2 * P, 2 * P, FIXED, A + 18 * P);
        madvise(A + 16 * P, 4 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("mlock and munlock") {
        touched(0, 4 * P);
        mlock(A + P, P);
        madvise(A + 2 * P, 2 * P, MADV_DONTNEED);
        munlock(A, 4 * P);
        madvise(A, 4 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("mlock of a part within a whole 2 MiB block") {
        touched(0, 4 * M);
        mlock(A + M + P, P);
        munlock(A + M + P, P);
    }
    OPERATION_NAMED("mlock over zero pages") {
        map(0, 4 * P, RW, ANON);
        get(0, 4 * P);
        mlock(A, 4 * P);
    }
    OPERATION_NAMED("msync of shared anonymous memory") msync(shared(0, 4 * P), 4 * P, MS_SYNC);
    OPERATION_NAMED("mincore") {
        unsigned char vector[4];
        mincore(touched(0, 4 * P), 4 * P, vector);
    }
    OPERATION_NAMED("mbind without moving") {
        unsigned long nodes = 1;
        syscall(SYS_mbind, touched(0, 4 * P), 2 * P, 2 /* MPOL_BIND */, &nodes, 8, 0);
        madvise(A, 4 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("mbind that moves pages") {
        unsigned long nodes = 2;
        syscall(SYS_mbind, touched(0, 4 * P), 2 * P, 2 /* MPOL_BIND */, &nodes, 8, 2 /* MPOL_MF_MOVE */);
    }
    OPERATION_NAMED("move_pages") {
        touched(0, 2 * P);
        map(2 * P, P, RW, ANON);
        void *pages[] = {A + P, A, A + 2 * P, A + 8 * P};
        int nodes[] = {1, 1, 1, 1}, states[4];
        syscall(SYS_move_pages, 0, 4, pages, 0, states, 0);
        syscall(SYS_move_pages, 0, 4, pages, nodes, states, 2 /* MPOL_MF_MOVE */);
    }
    OPERATION_NAMED("msync and fsync of dirty pages") {
        int file = open("/dev/ram1", O_RDWR);
        require(file >= 0, "/dev/ram1");
        mapFile(0, 4 * P, RW, MAP_SHARED, file, 0);
        put(0, 2 * P);
        msync(A, 4 * P, MS_SYNC);
        put(P, P);
        fsync(file);
        close(file);
    }
    OPERATION_NAMED("munmap and mprotect of hugetlb") {
        map(0, 2 * M, RW, ANON | MAP_HUGETLB);
        put(0, P);
        put(M, P);
        mprotect(A, M, R);
        madvise(A, M, MADV_DONTNEED);
        munmap(A, M);
    }
    OPERATION_NAMED("brk that grows and shrinks") {
        sbrk(64 * P);
        sbrk(-32 * (long)P);
    }
    OPERATION_NAMED("brk that grows by 6 MiB and shrinks within a whole 2 MiB block") {
        char *start = sbrk(3 * M);
        for (size_t at = 0; at < 3 * M; at += P) start[at] = 1;
        sbrk(-(long)(M + P));
        sbrk(-(long)(2 * M - P));
    }
}

static void forking(void) {
    OPERATION_NAMED("fork with a mapping that was written") {
        touched(0, 4 * P);
        CHILD();
    }
    OPERATION_NAMED("fork with a mapping that was only read") {
        map(0, 4 * P, R, ANON);
        get(0, 4 * P);
        CHILD();
    }
    OPERATION_NAMED("fork with a writable mapping that was never touched") {
        map(0, 4 * P, RW, ANON);
        CHILD();
    }
    OPERATION_NAMED("fork with what was written and is read-only now") {
        touched(0, 4 * P);
        mprotect(A, 2 * P, R);
        CHILD();
    }
    OPERATION_NAMED("fork with what was written and has no rights now") {
        touched(0, 4 * P);
        mprotect(A, 4 * P, NONE);
        CHILD();
    }
    OPERATION_NAMED("fork with shared mappings") {
        shared(0, 4 * P);
        CHILD(munmap(A, 2 * P));
    }
    OPERATION_NAMED("fork with an arena and its reserve") {
        map(0, 64 * M, NONE, ANON | MAP_NORESERVE);
        mprotect(A, 33 * P, RW);
        put(0, 33 * P);
        CHILD();
    }
    OPERATION_NAMED("fork with a file's private mapping that was written") {
        int file = memoryFile(8 * P);
        mapFile(0, 4 * P, R, MAP_PRIVATE, file, 0);
        mapFile(8 * P, 4 * P, RW, MAP_PRIVATE, file, 4 * P);
        get(0, 4 * P);
        put(8 * P, 4 * P);
        CHILD();
        close(file);
    }
    OPERATION_NAMED("fork with DONTFORK and WIPEONFORK") {
        touched(0, 6 * P);
        madvise(A + 2 * P, 2 * P, MADV_DONTFORK);
        madvise(A + 4 * P, 2 * P, MADV_WIPEONFORK);
        CHILD(munmap(A, 6 * P));
    }
    OPERATION_NAMED("fork with what NOHUGEPAGE, mlock, DONTDUMP and NORESERVE keep apart") {
        touched(0, 12 * P);
        map(12 * P, 2 * P, RW, ANON | MAP_NORESERVE);
        put(12 * P, 2 * P);
        madvise(A + 2 * P, 2 * P, MADV_NOHUGEPAGE);
        mlock(A + 6 * P, 2 * P);
        madvise(A + 10 * P, 2 * P, MADV_DONTDUMP);
        CHILD();
    }
    OPERATION_NAMED("fork, and the child unmaps and protects") {
        touched(0, 8 * P);
        CHILD(munmap(A, 2 * P); mprotect(A + 4 * P, 2 * P, R); madvise(A + 6 * P, 2 * P, MADV_DONTNEED));
    }
    OPERATION_NAMED("fork of a fork") {
        touched(0, 4 * P);
        CHILD(CHILD(munmap(A, P)); munmap(A + P, P));
    }
    OPERATION_NAMED("fork, and the child maps next to what it inherited") {
        touched(0, 4 * P);
        CHILD(map(4 * P, 4 * P, RW, ANON); put(4 * P, 4 * P); madvise(A, 8 * P, MADV_DONTNEED); CHILD());
    }
    OPERATION_NAMED("fork, and the child's mprotect joins what it inherited") {
        touched(0, 4 * P);
        mprotect(A + 2 * P, 2 * P, R);
        CHILD(mprotect(A, 4 * P, R); madvise(A, 4 * P, MADV_DONTNEED));
    }
    OPERATION_NAMED("fork with a hugetlb mapping") {
        map(0, M, RW, ANON | MAP_HUGETLB);
        put(0, P);
        CHILD();
    }
    OPERATION_NAMED("fork with a moved mapping") {
        touched(0, 4 * P);
        mremap(A, 4 * P, 4 * P, FIXED, A + 16 * P);
        CHILD();
    }
    OPERATION_NAMED("vfork and execve") {
        touched(0, 4 * P);
        pid_t child = vfork();
        if (child == 0) {
            execl("/operations", "/operations", "image", (char *)0);
            _exit(1);
        }
        waitpid(child, 0, 0);
    }
    OPERATION_NAMED("clone with CLONE_VM") {
        touched(0, 20 * P);
        waitpid(clone(vmChild, A + 20 * P, CLONE_VM | SIGCHLD, A), 0, 0);
    }
    OPERATION_NAMED("exit_group of a child") {
        touched(0, 4 * P);
        CHILD(touched(16 * P, P));
    }
    OPERATION_NAMED("exit of the last thread") {
        touched(0, 4 * P);
        CHILD(syscall(SYS_exit, 0));
    }
    OPERATION_NAMED("SIGKILL") {
        touched(0, 4 * P);
        CHILD(kill(getpid(), SIGKILL));
    }
    OPERATION_NAMED("execve") {
        touched(0, 4 * P);
        CHILD(execl("/operations", "/operations", "image", (char *)0));
    }
}

static void others(void) {
    OPERATION_NAMED("a thread") runThread(0);
    OPERATION_NAMED("a thread with the stack of the last one") runThread(0);
    OPERATION_NAMED("a thread with a stack of 64 MiB, which is not kept") runThread(64 << 20);
    OPERATION_NAMED("shmat and shmdt") {
        int segment = shmget(IPC_PRIVATE, 4 * P, 0600 | IPC_CREAT);
        char *place = shmat(segment, A, 0);
        place[0] = 1;
        shmdt(place);
        shmctl(segment, IPC_RMID, 0);
    }
    OPERATION_NAMED("shmat with SHM_REMAP") {
        int segment = shmget(IPC_PRIVATE, 4 * P, 0600 | IPC_CREAT);
        touched(0, 8 * P);
        shmat(segment, A, SHM_REMAP);
        shmctl(segment, IPC_RMID, 0);
    }
    OPERATION_NAMED("io_setup and io_destroy") {
        aio_context_t context = 0;
        syscall(SYS_io_setup, 128, &context);
        syscall(SYS_io_destroy, context);
    }
    OPERATION_NAMED("remap_file_pages") {
        shared(0, 8 * P);
        syscall(SYS_remap_file_pages, A, 2 * P, 0, 4, 0);
    }
    OPERATION_NAMED("copy on write after fork") {
        touched(0, 2 * P);
        CHILD(put(0, P));
    }
    OPERATION_NAMED("a first write to a zero page") {
        map(0, 2 * P, RW, ANON);
        get(0, 2 * P);
        put(0, P);
    }
    OPERATION_NAMED("ftruncate of a mapped file") {
        int file = memoryFile(8 * P);
        mapFile(0, 8 * P, RW, MAP_SHARED, file, 0);
        put(0, 8 * P);
        require(ftruncate(file, 4 * P) == 0, "ftruncate");
        close(file);
    }
    OPERATION_NAMED("a hole punched into a mapped file") {
        int file = memoryFile(8 * P);
        mapFile(0, 8 * P, RW, MAP_SHARED, file, 0);
        put(0, 8 * P);
        fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, P, 2 * P);
        close(file);
    }
}

// More of each kind, and mixtures.
static void mixing(void) {
    OPERATION_NAMED("MAP_FIXED over part of a hugetlb mapping") {
        map(0, 2 * M, RW, ANON | MAP_HUGETLB);
        put(0, P);
        mmap(A, M, RW, ANON | MAP_FIXED, -1, 0);
    }
    OPERATION_NAMED("DONTNEED of a file's private mapping") {
        int file = memoryFile(8 * P);
        mapFile(0, 8 * P, RW, MAP_PRIVATE, file, 0);
        put(0, 4 * P);
        madvise(A + P, 4 * P, MADV_DONTNEED);
        close(file);
    }
    OPERATION_NAMED("DONTNEED that comes to locked pages") {
        touched(0, 4 * P);
        map(4 * P, 4 * P, RW, ANON | MAP_LOCKED);
        madvise(A, 8 * P, MADV_DONTNEED);
        munlock(A + 4 * P, 2 * P);
        madvise(A, 8 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("mlockall and munlockall") {
        touched(0, 4 * P);
        mlockall(MCL_CURRENT);
        madvise(A, 4 * P, MADV_DONTNEED);
        munlockall();
        madvise(A, 4 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("sizes of 0, and addresses within a page") {
        touched(0, 4 * P);
        madvise(A, 0, MADV_DONTNEED);
        mprotect(A, 0, R);
        munmap(A, 0);
        munmap(A + 1, P);
        madvise(A + 1, P, MADV_DONTNEED);
        mprotect(A + 1, P, R);
        madvise(A, P + 1, MADV_DONTNEED);
    }
    OPERATION_NAMED("a protection key") {
        touched(0, 4 * P);
        int key = pkey_alloc(0, 0);
        pkey_mprotect(A, 2 * P, RW, key);
        pkey_mprotect(A, 2 * P, RW, key);
        mprotect(A, 4 * P, RW);
        pkey_mprotect(A, 4 * P, RW, 0);
        madvise(A, 4 * P, MADV_DONTNEED);
        pkey_free(key);
    }
    OPERATION_NAMED("mremap that grows the middle of a mapping") {
        touched(0, 8 * P);
        munmap(mremap(A + 2 * P, 2 * P, 4 * P, MREMAP_MAYMOVE), 4 * P);
    }
    OPERATION_NAMED("mremap that cuts off the middle of a mapping") {
        touched(0, 8 * P);
        mremap(A + 2 * P, 4 * P, P, 0);
    }
    OPERATION_NAMED("mremap that grows over two mappings is refused") {
        touched(0, 4 * P);
        mprotect(A + 2 * P, 2 * P, R);
        mremap(A, 4 * P, 8 * P, MREMAP_MAYMOVE);
    }
    OPERATION_NAMED("mremap that shrinks over two mappings") {
        touched(0, 4 * P);
        mprotect(A + P, 3 * P, R);
        mremap(A, 4 * P, 2 * P, 0);
    }
    OPERATION_NAMED("mremap of a shared mapping with DONTUNMAP") {
        shared(0, 4 * P);
        mremap(A, 4 * P, 4 * P, FIXED | MREMAP_DONTUNMAP, A + 16 * P);
    }
    OPERATION_NAMED("mremap of 4 MiB, and mprotect of its part") {
        touched(0, 4 * M);
        mremap(A, 4 * M, 4 * M, FIXED, A + 8 * M);
        mprotect(A + 9 * M + P, P, R);
    }
    OPERATION_NAMED("mprotect in a reserve between touched neighbours") {
        map(0, 4 * M, NONE, ANON | MAP_NORESERVE);
        mprotect(A, 8 * P, RW);
        put(0, 8 * P);
        mprotect(A + 3 * M, 8 * P, RW);
        put(3 * M, 8 * P);
        mprotect(A + 16 * P, 4 * M - 32 * P, RW);
    }
    OPERATION_NAMED("mprotect of a reserve over two GiB") {
        map(0, 4 * G, NONE, ANON | MAP_NORESERVE);
        mprotect(A + G - 8 * P, 8 * P, RW);
        put(G - 8 * P, 8 * P);
        mprotect(A + G - 16 * P, 8 * P, RW);
        mprotect(A + G, G, RW);
        put(G, P);
        mprotect(A + 2 * G, 4 * P, RW);
    }
    OPERATION_NAMED("mprotect to writable of shared memory that was read-only") {
        map(0, 4 * P, R, SHARED);
        get(0, 4 * P);
        mprotect(A, 2 * P, RW);
        madvise(A, 4 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("mprotect gives a reserve its rights page by page") {
        map(0, 16 * P, NONE, ANON | MAP_NORESERVE);
        for (size_t at = 0; at < 16 * P; at += 4 * P) {
            mprotect(A + at, 4 * P, RW);
            put(at, 4 * P);
        }
        madvise(A, 16 * P, MADV_DONTNEED);
        CHILD();
    }
    OPERATION_NAMED("MAP_FIXED commits a reserve part by part, and gives it back") {
        map(0, 64 * P, NONE, ANON | MAP_NORESERVE);
        for (size_t at = 0; at < 32 * P; at += 8 * P) {
            mmap(A + at, 8 * P, RW, ANON | MAP_FIXED, -1, 0);
            put(at, 8 * P);
        }
        mmap(A + 8 * P, 8 * P, NONE, ANON | MAP_FIXED | MAP_NORESERVE, -1, 0);
        madvise(A, 64 * P, MADV_DONTNEED);
        CHILD();
    }
    OPERATION_NAMED("a mapping fills the gap between two others") {
        touched(0, 2 * P);
        touched(4 * P, 2 * P);
        map(2 * P, 2 * P, RW, ANON);
        madvise(A, 6 * P, MADV_DONTNEED);
    }
    OPERATION_NAMED("a file's mapping is cut and joined again") {
        int file = memoryFile(8 * P);
        mapFile(0, 8 * P, RW, MAP_PRIVATE, file, 0);
        put(0, 8 * P);
        mprotect(A + 2 * P, 2 * P, R);
        mprotect(A + 2 * P, 2 * P, RW);
        madvise(A, 8 * P, MADV_DONTNEED);
        close(file);
    }
    OPERATION_NAMED("a file's mapping in the place of a part of another file's") {
        int file = memoryFile(8 * P), other = memoryFile(8 * P);
        mapFile(0, 8 * P, R, MAP_SHARED, file, 0);
        mmap(A + 2 * P, 2 * P, R, MAP_SHARED | MAP_FIXED, other, 2 * P);
        get(0, 8 * P);
        madvise(A, 8 * P, MADV_DONTNEED);
        mmap(A + 2 * P, 2 * P, R, MAP_SHARED | MAP_FIXED, file, 2 * P);
        madvise(A, 8 * P, MADV_DONTNEED);
        close(file);
        close(other);
    }
    OPERATION_NAMED("a child's heap grows apart from what it inherited") {
        CHILD(((char *)sbrk(8 * P))[0] = 1; sbrk(-4 * (long)P); CHILD());
    }
    OPERATION_NAMED("a child unmaps what it did not get") {
        touched(0, 4 * P);
        madvise(A, 4 * P, MADV_DONTFORK);
        CHILD(munmap(A, 4 * P); munmap(A + 8 * P, P));
    }
    OPERATION_NAMED("a child unmaps part of 4 MiB") {
        touched(0, 4 * M);
        CHILD(munmap(A + M + P, P); mprotect(A, P, R));
    }
    OPERATION_NAMED("a child of wiped memory forks again") {
        touched(0, 4 * P);
        madvise(A, 4 * P, MADV_WIPEONFORK);
        CHILD(put(0, P); CHILD());
        madvise(A, 4 * P, MADV_KEEPONFORK);
        CHILD();
    }
    OPERATION_NAMED("a child splits and joins what it inherited") {
        touched(0, 6 * P);
        CHILD(mprotect(A + 2 * P, 2 * P, R); mprotect(A + 2 * P, 2 * P, RW); madvise(A, 6 * P, MADV_DONTNEED); CHILD());
    }
    OPERATION_NAMED("the parent goes on after a fork") {
        touched(0, 4 * P);
        CHILD();
        map(4 * P, 4 * P, RW, ANON);
        put(4 * P, 4 * P);
        madvise(A, 8 * P, MADV_DONTNEED);
        CHILD();
    }
    OPERATION_NAMED("fork with a part that became writable after it was read") {
        map(0, 4 * P, R, ANON);
        get(2 * P, 2 * P);
        mprotect(A, 2 * P, RW);
        put(0, 2 * P);
        CHILD();
    }
    OPERATION_NAMED("fork, exec and exit of a child's child") {
        touched(0, 4 * P);
        CHILD(CHILD(execl("/operations", "/operations", "image", (char *)0)));
    }
    OPERATION_NAMED("vfork, and the child protects its parent's pages") {
        touched(0, 4 * P);
        pid_t child = vfork();
        if (child == 0) {
            mprotect(A, P, R);
            _exit(0);
        }
        waitpid(child, 0, 0);
        mprotect(A, 4 * P, R);
    }
    OPERATION_NAMED("execve in a thread") {
        CHILD(execInThread());
    }
    OPERATION_NAMED("exit_group while threads run") {
        CHILD(exitAmongThreads());
    }
    OPERATION_NAMED("mlock2 on fault") {
        touched(0, 4 * P);
        mlock2(A, 2 * P, 1 /* MLOCK_ONFAULT */);
        madvise(A, 4 * P, MADV_FREE);
        munlock(A, 4 * P);
        madvise(A, 4 * P, MADV_FREE);
    }
    OPERATION_NAMED("large blocks of malloc") {
        char *volatile block = malloc(1 << 20);
        block[0] = 1;
        block = realloc(block, 4 << 20);
        block = realloc(block, 1 << 19);
        free(block);
    }
    OPERATION_NAMED("DONTNEED of parts of two huge pages, again, and of all") {
        huge(4 * M);
        madvise(A + P, 2 * M, MADV_DONTNEED);
        madvise(A + 3 * P, 2 * M, MADV_DONTNEED);
        madvise(A, 4 * M, MADV_DONTNEED);
        put(0, 4 * M);
        madvise(A + M + P, P, MADV_DONTNEED);
    }
    OPERATION_NAMED("FREE of part of a huge page") madvise(huge(2 * M) + P, 4 * P, MADV_FREE);
    OPERATION_NAMED("mremap of part of a huge page") {
        huge(2 * M);
        mremap(A + P, 4 * P, 4 * P, FIXED, A + 8 * M);
    }
    OPERATION_NAMED("mremap of huge pages to another place within 2 MiB") {
        huge(2 * M);
        mremap(A, M, M, FIXED, A + 8 * M + P);
    }
    OPERATION_NAMED("mremap of whole huge pages") {
        huge(2 * M);
        mremap(A, M, M, FIXED, A + 8 * M);
        madvise(A + 8 * M + P, P, MADV_DONTNEED);
    }
    OPERATION_NAMED("FREE of a huge page, and of its part") {
        huge(M);
        madvise(A, M, MADV_FREE);
        madvise(A, P, MADV_FREE);
        madvise(A, P, MADV_FREE);
    }
    OPERATION_NAMED("mprotect of part of a huge page, and DONTNEED") {
        huge(2 * M);
        mprotect(A + P, P, R);
        madvise(A + 8 * P, P, MADV_DONTNEED);
        madvise(A + M + 8 * P, P, MADV_DONTNEED);
    }
    OPERATION_NAMED("fork with huge pages, and the child discards a part") {
        huge(2 * M);
        CHILD(madvise(A + P, P, MADV_DONTNEED));
        madvise(A + P, P, MADV_DONTNEED);
    }
    OPERATION_NAMED("threads that allocate, each with an arena of its own") allocateInThreads((void *)4);
    OPERATION_NAMED("the same threads again") allocateInThreads((void *)4);
    OPERATION_NAMED("fork with their arenas and stacks") CHILD();
    OPERATION_NAMED("process_madvise that reclaims") {
        struct {
            void *place;
            size_t size;
        } vector = {touched(0, 4 * P), 2 * P};
        int self = syscall(SYS_pidfd_open, getpid(), 0);
        syscall(SYS_process_madvise, self, &vector, 1, MADV_PAGEOUT, 0);
        close(self);
    }
}

int main(int count, char **arguments) {
    (void)arguments;
    if (count > 1) return image();
    logger = open("/dev/notifier_log", O_WRONLY);
    require(logger >= 0, "/dev/notifier_log");
    saveMaps();
    unmapping();
    mapping();
    protecting();
    moving();
    advising();
    forking();
    others();
    mixing();
    return 0;
}
