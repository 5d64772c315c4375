// Google Benchmark 1.7.1 behind a C face: repetitions that are registered one by one, a reporter that hands every row
// over as JSON text the moment it is finished. No statistics, no files, no flags: those are the caller's.
//
// One session a process, used from one thread: the library's registry and its context are global. The library reads its
// flags from BENCHMARK_* variables before main and there is no way to take them back: start the process without them.
#ifndef CGOOGLEBENCHMARK_H
#define CGOOGLEBENCHMARK_H

#include "CGoogleBenchmarkLoops.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define CGB_NOEXCEPT noexcept
extern "C" {
#else
#define CGB_NOEXCEPT
#endif

// What one repetition, or one statistic over repetitions, found. It lives as long as the call it is handed to.
struct cgb_row;

// Says what was found: `iterations` operations with these times per operation in seconds. A repetition for which this
// is not called was cancelled: it makes no row. All numbers must be finite.
void cgb_row_set(struct cgb_row *row, int64_t iterations, double real_seconds, double cpu_seconds) CGB_NOEXCEPT;

// Adds one key of the row. `value` must be finite: the library writes NaN and Infinity bare, which is not JSON.
void cgb_row_add_counter(struct cgb_row *row, const char *key, double value) CGB_NOEXCEPT;

// A piece of the JSON document, in the order in which they come.
enum cgb_part {
    cgb_part_opening,    // from the first brace to the bracket that opens the list of rows
    cgb_part_repetition, // one row, without the separator before it
    cgb_part_aggregate,  // the same, for a row made by cgb_session_report
    cgb_part_closing,    // from the end of the last row to the last brace
};

struct cgb_session;

// Has the library read what it says of the machine in every document, which it does once a process. Returns NULL, or why
// it cannot read /proc/cpuinfo: then a session must not run, since the library would end the process.
const char *cgb_machine_fault(void) CGB_NOEXCEPT;

// `measure` runs one repetition, numbered by its place in the order of registration, and fills `row`. `write` takes a
// piece of the document; `text` ends with the call and is not zero terminated. Neither may unwind the stack.
struct cgb_session *cgb_session_create(
    void *caller,
    void (*measure)(void *caller, size_t position, struct cgb_row *row),
    void (*write)(void *caller, enum cgb_part part, const char *text, size_t length)) CGB_NOEXCEPT;
void cgb_session_destroy(struct cgb_session *session) CGB_NOEXCEPT;

// What stands in a row besides its numbers.
struct cgb_label {
    const char *name;    // the cell's name, nothing appended
    int64_t cell;        // the cell's index, the same for all its repetitions
    int64_t threads;     // how many threads the operations are of
    int64_t repetition;  // counted from 0; not read by cgb_session_report
    int64_t repetitions; // how many there are of this cell
};

// Puts one repetition behind those registered so far.
void cgb_session_register(struct cgb_session *session, const struct cgb_label *label) CGB_NOEXCEPT;

// Adds a line to the document's context. The library escapes quotes, backslashes and the whitespace controls only: the
// caller keeps other control characters out. A key that is there already is refused by the library, on stderr.
void cgb_session_add_context(struct cgb_session *session, const char *key, const char *value) CGB_NOEXCEPT;

// Runs every repetition in the order of registration; returns how many there were.
size_t cgb_session_run(struct cgb_session *session) CGB_NOEXCEPT;

// The library's statistics over repetitions: mean, median, stddev, cv. From within `measure` or `write` only, once a
// row was written; `index` counts from 0, the name is NULL behind the last. A ratio's result is a fraction of the
// mean, and may be NaN.
const char *cgb_session_statistic_name(const struct cgb_session *session, size_t index) CGB_NOEXCEPT;
int cgb_session_statistic_is_ratio(const struct cgb_session *session, size_t index) CGB_NOEXCEPT;
double cgb_session_statistic(const struct cgb_session *session, size_t index, const double *values, size_t count) CGB_NOEXCEPT;

// Writes one statistic over a cell's repetitions, from within `write`. `fill` is called at once to set the row; where
// the statistic is a ratio, its times are fractions and not seconds. A row that is not set is not written.
void cgb_session_report(
    struct cgb_session *session,
    const struct cgb_label *label,
    size_t statistic,
    void *filler,
    void (*fill)(void *filler, struct cgb_row *row)) CGB_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
