import Glibc

/// What a process needs to be started with.
enum Prerequisites {
    /// The smallest stack, in KiB. Parsing the arguments alone takes more than 128 in a debug build.
    private static let smallestStack: rlim_t = 512
    /// The smallest address space, in KiB: what a run of two threads takes in a debug build, and half as much again.
    private static let smallestSpace: rlim_t = 163_840
    /// What each thread of a run takes of it besides, in KiB: a stack, and what glibc reserves for its allocations.
    private static let spaceOfThread: rlim_t = 81_920

    /// Returns where all is there; otherwise says what is missing and ends the process as wrong usage. To be called
    /// before the arguments are read, with little on the stack.
    static func require() {
        if let missing {
            StandardError.say(missing)
            exit(ExitStatus.usage.code)
        }
    }

    private static var missing: String? {
        // The arguments come from there. Without them every command would be a measurement.
        if access("/proc/self/cmdline", R_OK) != 0 {
            return "cannot read /proc/self/cmdline, and with it the arguments: \(String(cString: strerror(errno))); "
                + "mount /proc here (mount -t proc proc /proc)"
        }
        return shortage("stack", RLIMIT_STACK, smallestStack, remedy: "ulimit -s 8192")
            ?? missingSpace(threads: 0)
    }

    /// Says that the address space is too small for a run whose cells have up to so many threads; `nil` where it is not.
    static func missingSpace(threads: Int) -> String? {
        shortage(
            "address space", RLIMIT_AS, smallestSpace + rlim_t(threads) * spaceOfThread, remedy: "ulimit -v unlimited")
    }

    /// Says that the limit of a resource is below `smallest`, in KiB; `nil` where it is not.
    private static func shortage(
        _ name: StaticString, _ resource: __rlimit_resource, _ smallest: rlim_t, remedy: StaticString
    ) -> String? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_cur / 1024 < smallest else {
            return nil
        }
        return "the \(name) may have \(limit.rlim_cur / 1024) KiB, and \(smallest) KiB are needed; raise the limit "
            + "(\(remedy))"
    }
}

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
        execv(MeasuredProgram.thisExecutable, CommandLine.unsafeArgv)
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
