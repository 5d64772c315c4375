import Foundation

/// What an answer needs to know of the machine that it is for.
public struct MachineText: Hashable, Sendable {
    /// What it is: `2 virtual cores (AMD EPYC)`.
    public let name: String
    /// What two reads of the clock cost, in nanoseconds; `nil` if that is not known.
    public let clockPair: Double?

    /// From the context of a results file.
    public init(context: [String: String]) {
        let cores = context["cpu_threads"].flatMap(Int.init) ?? context["num_cpus"].flatMap(Int.init)
        let isVirtual = context["hypervisor"].map { $0 != "none" } ?? false
        let kind = isVirtual ? "virtual core" : "hardware thread"
        let count = cores.map { ScaledNumber.counted($0, kind) } ?? "cores"
        name = count + (context["cpu_model"].map { " (\($0))" } ?? "")
        clockPair = context["clock_pair_ns"].flatMap(Double.init)
    }

    /// A percentile of a latency: below three costs of the clock it is only known to be less than that.
    func latency(_ nanoseconds: Double) -> String {
        if let clockPair, nanoseconds < 3 * clockPair { return "<" + ScaledNumber.duration(3 * clockPair) }
        return ScaledNumber.duration(nanoseconds)
    }
}

/// The verdict over all workloads in a few lines: which guard to take, when to take another one, and what it holds for.
struct VerdictText {
    /// The lines, not yet broken.
    let lines: [String]

    init(_ answer: RunAnswer, machine: MachineText) {
        let states = Set(answer.workloads.compactMap { $0.state?.description }).sorted()
        let place = "On these \(machine.name)" + (states.count == 1 ? ", \(states[0])" : "")
        guard let advice = answer.advice else {
            let only = answer.workloads.count == 1 ? answer.workloads.first : nil
            lines = ["\(place): " + (only?.verdict ?? "no guard was ranked in every workload; see each of them below.")]
            return
        }
        let share =
            advice.worstShare > 0.995
            ? "no guard that keeps up is faster in any of \(advice.workloads) workloads"
            : "in \(advice.workloads) workloads never below \(ScaledNumber.ratio(advice.worstShare)) of the fastest "
                + "guard's rate (\(advice.worstWorkload)), and never behind"
        var lines = ["\(place): take \(advice.name): \(share)."]
        if !advice.exceptions.isEmpty {
            let exceptions = advice.exceptions.map {
                "\($0.name) for \($0.workload) (\(ScaledNumber.ratio($0.ratio)) x)"
            }
            lines.append("Better there: \(exceptions.joined(separator: "; ")).")
        }
        if states.count > 1 {
            lines.append(
                "The cores were in \(states.count) states, which are \(states.count) machines: "
                    + "\(states.joined(separator: "; ")).")
        }
        self.lines = lines
    }
}
