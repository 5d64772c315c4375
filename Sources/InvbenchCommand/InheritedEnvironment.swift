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

/// Keeps `HWLOC_*` variables from changing the machine that is measured.
///
/// hwloc reads them when it loads a topology, and some (`HWLOC_SYNTHETIC`, `HWLOC_XMLFILE`) would have it take another
/// machine for this one. A result must be explained by the command line that made it, so they are not honoured.
enum HwlocEnvironment {
    /// Takes away those that are set, but for those that only change what hwloc says, and tells which. To be called
    /// before hwloc is used, while there is one thread.
    static func leaveBehind() {
        let present = names.filter { $0.hasPrefix("HWLOC_") && !$0.hasSuffix("_VERBOSE") && $0 != "HWLOC_HIDE_ERRORS" }
        if present.isEmpty { return }
        for variable in present { unsetenv(variable) }
        StandardError.say(
            "\(present.sorted().joined(separator: ", ")) in the environment: ignored; describe a machine with --topology"
        )
    }

    private static var names: [String] {
        var names: [String] = []
        var entry = environ
        while let text = entry.pointee {
            names.append(String(String(cString: text).prefix { $0 != "=" }))
            entry += 1
        }
        return names
    }
}
