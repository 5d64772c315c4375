import BenchmarkRecords
import BuildRecord
import Foundation
import InvalidationStorm
import NotifierDispatch

/// The context of a results file: where the results come from, how the run was made, and what the user adds.
enum RunContext {
    /// All lines; a user's line with one of our keys is refused.
    static func lines(
        of plan: RunPlan, options: RunOptions, fingerprint: Fingerprint, counters: ProcessorCounters,
        betweenRuns: Double
    ) throws -> [ContextLine] {
        let settings: KeyValuePairs = [
            "profile": options.choosesCells ? "none" : options.profile.rawValue,
            "seed": String(plan.seed),
            "window_ns": String(plan.windowNanoseconds),
            "warm_up_ns": String(plan.warmUpNanoseconds),
            "random_interleaving": String(options.benchmark.interleaves),
            "retry_noisy": String(plan.noisyRetries),
            "counters": counters.description,
            "clock_pair_ns": String(format: "%.1f", TickClock.calibrated.pairCostNanoseconds),
            "unprotected_guards": plan.unprotectedGuards.joined(separator: " "),
            "restartable_sequences": RestartableSequences.refusal?.description ?? "yes",
            "adaptive_installs": RestartableSequences.refusal == nil ? "restarted" : "published",
            "guard_parameters": guardParameters(of: plan, options.parameters.chosen),
            AnswerOptions.betweenRunsKey: String(betweenRuns),
        ]
        let run = settings.map { ContextLine(key: $0.key, value: $0.value) } + options.placement.chosen.contextLines
        let users = try users(
            options.benchmark.context.flatMap { $0 },
            reserved: Fingerprint.reservedContextKeys.union(run.map(\.key)))
        return fingerprint.context.map { ContextLine(key: $0.key, value: $0.value) }
            + run + users
    }

    /// Those that the guards of the run take, with their values; defaults too, since they may change.
    private static func guardParameters(of plan: RunPlan, _ chosen: GuardParameters) -> String {
        let taken = GuardParameter.allCases.filter { parameter in
            plan.cells.contains { $0.entry.parameters.contains(parameter) }
        }
        return taken.isEmpty ? "none" : taken.map { "\($0.rawValue):\($0.text(in: chosen))" }.joined(separator: " ")
    }

    private static func users(_ lines: [ContextLine], reserved: Set<String>) throws -> [ContextLine] {
        var seen: Set<String> = []
        for line in lines {
            if reserved.contains(line.key) {
                throw UsageError("--benchmark_context: '\(line.key)' is written by invbench itself; take another key")
            }
            if !seen.insert(line.key).inserted {
                throw UsageError("--benchmark_context: '\(line.key)' is given twice; give it once")
            }
        }
        return lines.map { ContextLine(key: PrintableText.of($0.key), value: PrintableText.of($0.value)) }
    }
}

extension BuildFacts {
    /// How this executable was compiled, and from what, as it was recorded when it was built.
    static var ofThisProgram: BuildFacts {
        BuildFacts(
            compiler: BuildRecord.compiler, buildType: isOptimised ? "release" : "debug", flags: BuildRecord.flags,
            commit: BuildRecord.commit, isDirty: BuildRecord.isDirty)
    }

    /// Whether its numbers are worth something.
    static var isOptimised: Bool {
        #if DEBUG
            false
        #else
            true
        #endif
    }
}
