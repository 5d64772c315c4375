/// What a reader of a comparison has to know beside its numbers, a line each.
struct ComparisonNotes {
    private let report: ComparisonReport
    private static let longestList = 10

    init(_ report: ComparisonReport) { self.report = report }

    /// All that there is to say.
    var lines: [String] { method + tooFew + doubts + setAside + missing + report.warnings.map { "warning: \($0)" } }

    private var method: [String] {
        let noise = ScaledNumber.small(100 * report.rule.threshold)
        return [
            "ratio: new over base (Hodges-Lehmann) with its \(RatioInterval.confidencePercent) % interval, repetitions "
                + "of one core-to-core state against their like; p: exact Mann-Whitney, Holm-corrected; q: the same "
                + "after Benjamini and Hochberg; delta: Cliff's. regression and improvement: p < "
                + "\(ComparisonText.p(report.rule.alpha)) and the whole interval beyond \(noise) %; unchanged: the "
                + "whole interval within it."
        ]
    }

    private var tooFew: [String] {
        let undecided = report.comparisons.filter { $0.doubt == .tooFew }
        guard let first = undecided.first else { return [] }
        let needed = report.rule.alpha / Double(report.comparisons.count)
        let enough = (1...100).first { Statistics.smallestMannWhitneyP($0, $0) < needed } ?? 100
        let states = first.samples.strata.count > 1 ? " in \(first.samples.strata.count) states" : ""
        return [
            "too few repetitions to decide \(ScaledNumber.counted(undecided.count, "comparison")) (n = "
                + "\(first.baseCount) against \(first.newCount)\(states) can at best reach p = "
                + "\(Self.exact(first.smallestP)), the gate over "
                + "\(ScaledNumber.counted(report.comparisons.count, "comparison")) needs "
                + "\(Self.exact(needed))): take \(enough) on each side, or compare fewer cells or metrics"
        ]
    }

    private var doubts: [String] {
        let words: [(ComparisonDoubt, String)] = [
            (
                .noCommonState,
                "no repetition of the one side met the cores in a state that the other side met; interleave the runs"
            ),
            (.wideInterval, "the interval reaches over the end of the noise floor; more repetitions narrow it"),
            (.notSignificant, "the interval is beyond the noise floor, but p does not pass the gate; repeat more"),
            (.negativeValues, "a ratio cannot be said of values below 0"),
        ]
        return words.compactMap { doubt, words in
            let count = report.count(doubt)
            return count > 0 ? "inconclusive, \(count) of them: \(words)" : nil
        }
    }

    private var setAside: [String] {
        let count = report.comparisons.count { $0.samples.firstSetAside + $0.samples.secondSetAside > 0 }
        if count == 0 { return [] }
        return [
            "in \(ScaledNumber.counted(count, "comparison")) repetitions are set aside: no other of the other side "
                + "met the cores in their state"
        ]
    }

    private var missing: [String] {
        func line(_ names: [String], _ words: String) -> String? {
            if names.isEmpty { return nil }
            let more = names.count - Self.longestList
            let rest = more > 0 ? " and \(more) others, which --format json names" : ""
            return "\(words): \(names.prefix(Self.longestList).joined(separator: ", "))\(rest)"
        }
        return [
            line(report.onlyInBase, "only in the base"), line(report.onlyInNew, "only in the new"),
            line(report.incomplete, "not compared, since some repetition lacks the value"),
        ]
        .compactMap(\.self)
    }

    private static func exact(_ p: Double) -> String { ScaledNumber.small(p) }
}
