#include "CGoogleBenchmarkLoops.h"

#include <benchmark/benchmark.h>

// Every function of the C face is noexcept, as in CGoogleBenchmark.cpp.

struct cgb_loop {
    benchmark::State &state;
};

extern "C" {

// One batch holds all the iterations of the run, so the library's own loop goes round once.
uint64_t cgb_loop_begin(cgb_loop *loop) noexcept {
    loop->state.KeepRunningBatch(loop->state.max_iterations);
    return static_cast<uint64_t>(loop->state.max_iterations);
}

void cgb_loop_end(cgb_loop *loop) noexcept { loop->state.KeepRunningBatch(loop->state.max_iterations); }

void cgb_loop_set_counter(cgb_loop *loop, const char *key, double value) noexcept {
    loop->state.counters[key] = benchmark::Counter(value);
}

int cgb_loops_initialize(int *argument_count, char **arguments) noexcept {
    benchmark::Initialize(argument_count, arguments);
    return !benchmark::ReportUnrecognizedArguments(*argument_count, arguments);
}

void cgb_loops_register(const char *name, int threads, void (*body)(void *, cgb_loop *), void *context) noexcept {
    benchmark::RegisterBenchmark(name, [body, context](benchmark::State &state) {
        cgb_loop loop{state};
        body(context, &loop);
    })->ThreadRange(1, threads)->UseRealTime();
}

void cgb_loops_add_context(const char *key, const char *value) noexcept { benchmark::AddCustomContext(key, value); }

void cgb_loops_run() noexcept {
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}

} // extern "C"
