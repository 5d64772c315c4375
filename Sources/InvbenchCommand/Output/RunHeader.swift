import BenchmarkRecords
import InvalidationStorm

/// What is said before a run, on standard error.
enum RunHeader {
    /// The lines: machine, clock, counters, amount of work, time, destination.
    static func text(
        of plan: RunPlan, options: RunOptions, machine: MachineFacts, counters: ProcessorCounters, resultsPath: String?
    ) -> String {
        let counts = [
            machine.sockets.map { ScaledNumber.counted($0, "socket") },
            machine.cores.map { ScaledNumber.counted($0, "core") },
            machine.threads.map { ScaledNumber.counted($0, "thread") },
        ]
        let processor = ([machine.cpuModel ?? "unknown processor"] + counts.compactMap { $0 }).joined(separator: ", ")
        let interleaving = options.benchmark.interleaves ? "in random rounds (seed \(plan.seed))" : "cell after cell"
        let amount =
            "\(ScaledNumber.counted(plan.cells.count, "cell")) x \(ScaledNumber.counted(plan.repetitions, "repetition")), "
            + "\(Double(plan.windowNanoseconds) / 1e6) ms each, \(interleaving)"
        let hypervisor = machine.hypervisor.flatMap { $0 == "none" ? nil : ", in a virtual machine (\($0))" }
        var lines = [
            ("machine", processor + (hypervisor ?? "")),
            ("clock", ClockDescription.text()),
            ("counters", counters.description),
            ("work", amount),
            ("time", "about \(ProgressLine.text(seconds: plan.expectedSeconds)) minutes"),
            ("results", resultsPath ?? "not kept"),
        ]
        if let governor = machine.governor, governor != "performance" {
            lines.append(("warning", "the frequency governor is \(governor): expect noise, or set it to performance"))
        }
        if !BuildFacts.isOptimised {
            lines.append(("warning", "a debug build: its numbers mean nothing; build with swift build -c release"))
        }
        lines += plan.notes.map { ("note", $0) }
        return lines.reduce("") { text, line in
            text + line.0 + String(repeating: " ", count: 9 - line.0.count) + line.1 + "\n"
        }
    }
}

/// Which clock times the faults, and what that costs.
enum ClockDescription {
    static func text(_ clock: TickClock = .calibrated) -> String {
        let name = clock.usesTimeStampCounter ? "invariant time stamp counter" : "clock_gettime, CLOCK_MONOTONIC"
        let step = hundredths(clock.nanosecondsPerTick)
        return "\(name), \(step) ns a tick, \(hundredths(clock.pairCostNanoseconds)) ns for a pair of time stamps"
    }

    private static func hundredths(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
