import Glibc

/// Keeps `BENCHMARK_*` variables from acting as flags.
///
/// Google Benchmark reads them before `main` as the defaults of its flags (`BENCHMARK_FILTER`, `BENCHMARK_OUT`), where
/// they pass by every check of ours. A result must be explained by the command line that made it, so they are not
/// honoured: the process starts itself again without them.
enum BenchmarkEnvironment {
    private static let variables = [
        "LIST_TESTS", "FILTER", "MIN_TIME", "MIN_WARMUP_TIME", "REPETITIONS", "ENABLE_RANDOM_INTERLEAVING",
        "REPORT_AGGREGATES_ONLY", "DISPLAY_AGGREGATES_ONLY", "FORMAT", "OUT", "OUT_FORMAT", "COLOR",
        "COUNTERS_TABULAR", "PERF_COUNTERS", "CONTEXT", "TIME_UNIT",
    ].map { "BENCHMARK_" + $0 }

    /// Returns where none is set; otherwise says which are ignored and starts the process again.
    static func leaveBehind() {
        let present = variables.filter { getenv($0) != nil }
        if present.isEmpty { return }
        for variable in present { unsetenv(variable) }
        StandardError.say(
            "\(present.joined(separator: ", ")) in the environment: ignored; say it with --benchmark_ flags")
        execv("/proc/self/exe", CommandLine.unsafeArgv)
        StandardError.say("cannot start again without it: \(String(cString: strerror(errno))); unset it by hand")
        exit(ExitStatus.usage.code)
    }
}
