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
        let kernel = Self.ofKernel(answer.workloads.filter(\.isOfKernelAlone))
        if answer.workloads.allSatisfy(\.isOfKernelAlone), let kernel {
            lines = ["\(place): \(kernel)"]
            return
        }
        guard let advice = answer.advice else {
            let only = answer.workloads.count == 1 ? answer.workloads.first : nil
            lines = ["\(place): " + (only?.verdict ?? "no guard was ranked in every workload; see each of them below.")]
            return
        }
        var lines = Self.of(advice)
        lines[0] = "\(place): \(lines[0])"
        if states.count > 1 {
            lines.append(
                "The cores were in \(states.count) states, which are \(states.count) machines: "
                    + "\(states.joined(separator: "; ")).")
        }
        if let kernel { lines.append("Of the kernel alone: \(kernel)") }
        self.lines = lines
    }

    /// What its shortest and its longest faults take; `nil` if fewer than two workloads have figures.
    private static func ofKernel(_ workloads: [WorkloadAnswer]) -> String? {
        let means = workloads.compactMap { answer in
            answer.guards.first?.median(.faultMean).map { (title: answer.title, mean: $0) }
        }
        .sorted { $0.mean < $1.mean }
        guard let (shortest, longest) = means.first.map({ ($0, means[means.count - 1]) }), means.count > 1 else {
            return nil
        }
        return "a page fault took from \(ScaledNumber.duration(shortest.mean)) (\(shortest.title)) to "
            + "\(ScaledNumber.duration(longest.mean)) (\(longest.title)) on the mean."
    }

    /// What is advised, and where another guard does better.
    static func of(_ advice: Advice) -> [String] {
        var lines = ["take \(advice.name): \(reason(advice))."]
        if !advice.better.isEmpty {
            lines.append("Better there: \(advice.better.map(gain).joined(separator: "; ")).")
        }
        if !advice.trades.isEmpty {
            lines.append("Faster at faults, at a price: \(advice.trades.map(trade).joined(separator: "; ")).")
        }
        return lines
    }

    private static func reason(_ advice: Advice) -> String {
        let place = "in \(advice.workloads) workloads"
        guard let worst = advice.worst else { return "no guard beats it \(place), and it is never behind" }
        return "\(place) no guard beats it by more than \(ScaledNumber.ratio(advice.worstFactor)) x "
            + "(\(worst.name) in \(worst.workload)), and it is never behind"
    }

    /// `striped for storm (1.4 x faults)`: what it is better in, and by how much.
    private static func gain(_ exception: Advice.Exception) -> String {
        let figures = [(exception.faults, "faults"), (exception.invalidations, "invalidations")]
            .filter { $0.0 >= Duel.margin }.map { "\(ScaledNumber.ratio($0.0)) x \($0.1)" }
        // Whoever gets more done in the same time spends less on each.
        let gained =
            figures.isEmpty
            ? "\(ScaledNumber.ratio(1 / exception.economy)) x processor time" : figures.joined(separator: ", ")
        return "\(exception.name) for \(exception.workload) (\(gained))"
    }

    /// `asymmetric for storm (2.4 x, for 0.35 x invalidations)`.
    private static func trade(_ exception: Advice.Exception) -> String {
        let price = [
            (exception.invalidations, "\(ScaledNumber.ratio(exception.invalidations)) x invalidations"),
            (exception.economy, "\(ScaledNumber.ratio(1 / exception.economy)) x processor time"),
        ]
        .filter { $0.0 < 1 }.map(\.1).joined(separator: " and ")
        return "\(exception.name) for \(exception.workload) (\(ScaledNumber.ratio(exception.faults)) x, for \(price))"
    }
}
