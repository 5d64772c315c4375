#define _GNU_SOURCE
#include "CInterleaving.h"

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

struct coroutine {
    ucontext_t context; // where it begins
    jmp_buf place;      // where it goes on
    int is_fresh;
    size_t stack_size;
    void *stack;
    void (*function)(void *);
    void *argument;
};

struct coroutine *coroutine_make(size_t stack_size) {
    struct coroutine *coroutine = calloc(1, sizeof *coroutine);
    if (coroutine == NULL) abort();
    coroutine->stack_size = stack_size;
    if (stack_size == 0) return coroutine;
    coroutine->stack = malloc(stack_size);
    if (coroutine->stack == NULL) abort();
    return coroutine;
}

// makecontext hands over numbers of 32 bits.
static void begin(unsigned high, unsigned low) {
    struct coroutine *coroutine = (struct coroutine *)((uintptr_t)high << 32 | low);
    coroutine->function(coroutine->argument);
    abort();
}

void coroutine_prepare(struct coroutine *coroutine, void (*function)(void *), void *argument) {
    coroutine->function = function;
    coroutine->argument = argument;
    coroutine->is_fresh = 1;
    getcontext(&coroutine->context);
    coroutine->context.uc_stack.ss_sp = coroutine->stack;
    coroutine->context.uc_stack.ss_size = coroutine->stack_size;
    coroutine->context.uc_link = NULL;
    uintptr_t address = (uintptr_t)coroutine;
    makecontext(&coroutine->context, (void (*)(void))begin, 2, (unsigned)(address >> 32), (unsigned)address);
}

void coroutine_switch(struct coroutine *from, struct coroutine *to) {
    // Not swapcontext, which makes a system call each time.
    if (_setjmp(from->place) != 0) return;
    if (!to->is_fresh) _longjmp(to->place, 1);
    to->is_fresh = 0;
    setcontext(&to->context);
}

static struct coroutine *trap_refuge;
static volatile sig_atomic_t is_armed_now, last_trap;

static void trapped(int signal_number) {
    if (!is_armed_now) {
        signal(signal_number, SIG_DFL);
        raise(signal_number);
        return;
    }
    is_armed_now = 0;
    last_trap = signal_number;
    _longjmp(trap_refuge->place, 1);
}

void coroutine_catch_traps(struct coroutine *refuge) {
    static char stack[1 << 16];
    trap_refuge = refuge;
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternative, NULL);
    // Not deferred: the handler does not return.
    struct sigaction action = {.sa_handler = trapped, .sa_flags = SA_ONSTACK | SA_NODEFER};
    const int signals[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT};
    for (size_t index = 0; index < sizeof signals / sizeof *signals; index++) sigaction(signals[index], &action, NULL);
}

int coroutine_take_trap(void) {
    int trap = last_trap;
    last_trap = 0;
    return trap;
}

void coroutine_arm(int is_armed) { is_armed_now = is_armed; }
