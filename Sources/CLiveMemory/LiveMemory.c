#define _GNU_SOURCE
#include "CLiveMemory.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int clive_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

int clive_move(void *from, void *to, size_t bytes) {
    return mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED ? errno : 0;
}

// The child's whole life: system calls, and reads of memory that is there.
static _Noreturn void live_as_copy(const struct clive_word *words, size_t count, const uint32_t *ticket, uint32_t number,
                                   pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have ended before that.
    if (getppid() != parent) _exit(2);
    uint32_t seen;
    while ((seen = __atomic_load_n(ticket, __ATOMIC_ACQUIRE)) < number)
        syscall(SYS_futex, ticket, FUTEX_WAIT, seen, NULL, NULL, 0);
    int has_changed = 0;
    for (size_t word = 0; word < count; word++) has_changed |= *words[word].address != words[word].content;
    _exit(has_changed);
}

int32_t clive_fork_copy(const struct clive_word *words, size_t count, uint32_t *ticket, uint32_t number) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t child = _Fork();
    if (child == 0) live_as_copy(words, count, ticket, number, parent);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return child > 0 ? child : -error;
}

void clive_release_copies(uint32_t *ticket, uint32_t number) {
    // Release: the child's acquire. What it compares was settled by the fork, so nothing hangs on the order but the look of
    // it: the parent's writes before this are those that the child must not see.
    __atomic_store_n(ticket, number, __ATOMIC_RELEASE);
    syscall(SYS_futex, ticket, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

int clive_join_copy(int32_t child) {
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return 2;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
