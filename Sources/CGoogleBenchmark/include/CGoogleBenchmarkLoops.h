// Google Benchmark 1.7.1 as its authors meant it, behind a C face: loops that it times on one or more threads, its own
// command line and its own reporters.
//
// A C call costs 1.6 ns, as much as what is timed, so a loop is asked for all its iterations at once.
#ifndef CGOOGLEBENCHMARKLOOPS_H
#define CGOOGLEBENCHMARKLOOPS_H

#include <stdint.h>

#ifdef __cplusplus
#define CGB_LOOPS_NOEXCEPT noexcept
extern "C" {
#else
#define CGB_LOOPS_NOEXCEPT
#endif

// One thread's part of one run of a loop. It lives as long as the call it is handed to.
struct cgb_loop;

// Waits for the run's other threads and starts the clock; returns how many iterations are wanted, at least 1. A body
// calls it once.
uint64_t cgb_loop_begin(struct cgb_loop *loop) CGB_LOOPS_NOEXCEPT;

// Stops the clock. Called once after the last iteration.
void cgb_loop_end(struct cgb_loop *loop) CGB_LOOPS_NOEXCEPT;

// Adds a number to the run's row, the sum over its threads. `value` must be finite.
void cgb_loop_set_counter(struct cgb_loop *loop, const char *key, double value) CGB_LOOPS_NOEXCEPT;

// Takes the library's flags out of the arguments. Returns 0 where others are left, and has said so on stderr.
int cgb_loops_initialize(int *argument_count, char **arguments) CGB_LOOPS_NOEXCEPT;

// Registers a loop, for 1, 2, 4 .. `threads` threads. `body` runs on each of them, several times a repetition; what it
// does outside begin .. end is not timed. Times are real times: what waits in the kernel counts. `body` must not
// unwind the stack.
void cgb_loops_register(
    const char *name, int threads, void (*body)(void *context, struct cgb_loop *loop), void *context) CGB_LOOPS_NOEXCEPT;

// Adds a line to the context that stands above the results.
void cgb_loops_add_context(const char *key, const char *value) CGB_LOOPS_NOEXCEPT;

// Runs what the flags ask for.
void cgb_loops_run(void) CGB_LOOPS_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
