/// One or two sentences about a workload: which guard to take, what it is worth, and what speaks against it.
struct WorkloadVerdict {
    let title: String
    let guards: [GuardAnswer]
    let reference: String?

    var text: String { ([lead] + remarks).joined(separator: " ") }

    /// What a table of the guards does not show, to stand above it; `nil` if it shows everything.
    var headline: String? {
        let isAlone = guards.count(where: \.hasRank) < 2
        let sentences = (isAlone ? [lead] : []) + remarks
        return sentences.isEmpty ? nil : sentences.joined(separator: " ")
    }

    private var remarks: [String] {
        let stale = guards.filter { $0.flags.contains(.stale) }
        let broken = stale.map { guardAnswer in
            "\(guardAnswer.name) showed \(ScaledNumber.count(guardAnswer.stale ?? 0)) stale translations: do not use it."
        }
        return [behind, invalidations].compactMap(\.self) + broken
    }

    private var first: [GuardAnswer] { guards.filter { $0.group == 1 } }

    private var lead: String {
        guard let best = first.first, let rate = best.faultsPerSecond else {
            return "Too few repetitions met the cores in one state to rank a guard: measure longer, "
                + "or on a quieter machine."
        }
        var figures = "\(ScaledNumber.rate(rate.value, separator: " ")) faults/s"
        if let ratio = best.ratio, let reference, reference != best.name {
            figures += ", \(Self.range(ratio)) x \(reference)"
        }
        let others = first.dropFirst().map(\.name)
        if !others.isEmpty {
            return "Best are \(NameList.text([best.name] + others)), not told apart: \(best.name) has \(figures)."
        }
        let isAlone = guards.count(where: \.hasRank) == 1
        return (isAlone ? "Only \(best.name) has a rank here" : "Best is \(best.name)") + ": \(figures)."
    }

    /// A guard with more faults a second that does not keep up was not taken: that is said.
    private var behind: String? {
        guard let best = first.first, best.keepsUp else {
            return first.isEmpty ? nil : "No guard keeps up with what is due here: offer less."
        }
        let faster = guards.filter { !$0.keepsUp && $0.hasRank && $0.fasterThan.contains(best.name) }.map(\.name)
        if faster.isEmpty { return nil }
        return
            "\(NameList.text(faster)) \(faster.count == 1 ? "is" : "are") faster at faults, but behind with what is due."
    }

    /// The best at faults may starve the other role.
    private var invalidations: String? {
        guard let best = first.first, let own = best.median(.invalidationsPerSecond), own > 0 else { return nil }
        let other = guards.filter { $0.hasRank && $0.keepsUp }
            .compactMap { guardAnswer in guardAnswer.median(.invalidationsPerSecond).map { (guardAnswer.name, $0) } }
            .max { $0.1 < $1.1 }
        guard let other, other.1 > 2 * own else { return nil }
        return "It lets \(ScaledNumber.rate(own, separator: " ")) invalidations/s through, \(other.0) "
            + "\(ScaledNumber.rate(other.1, separator: " "))."
    }

    /// `1.24 (1.18 to 1.31)`.
    static func range(_ estimate: Estimate) -> String {
        "\(ScaledNumber.ratio(estimate.value)) (\(ScaledNumber.ratio(estimate.low)) to \(ScaledNumber.ratio(estimate.high)))"
    }
}

/// Names in a sentence.
enum NameList {
    /// `a, b and c`; of more than six the first five.
    static func text(_ names: [String]) -> String {
        let shown = names.count > 6 ? names.prefix(5) + ["\(names.count - 5) others"] : names
        guard let last = shown.last, shown.count > 1 else { return names.joined() }
        return shown.dropLast().joined(separator: ", ") + " and " + last
    }
}
