/// What a reader of a comparison has to know beside its numbers, a line each.
struct ComparisonNotes {
    private let report: ComparisonReport
    private static let longestList = 10

    init(_ report: ComparisonReport) { self.report = report }

    /// All that there is to say below the numbers.
    var lines: [String] {
        method + floors + atThreshold + doubts + setAside + missing + report.warnings.map { "warning: \($0)" }
    }

    private var method: [String] {
        let confidence = RatioInterval.confidencePercent
        let test = report.calibration == nil ? "exact Mann-Whitney" : "from the calibration"
        let sides =
            switch report.method {
            case .ranks:
                "base, new: medians; ratio: new over base (Hodges-Lehmann) with its \(confidence) % interval; all of "
                    + "the same repetitions, those of one core-to-core state; p: \(test), Holm-corrected"
            case .pairs:
                "ratio: new over base, the middle of all pairs (Hodges-Lehmann) with its \(confidence) % interval; p: "
                    + "exact signed ranks, Holm-corrected; both hold however often was looked; n: pairs at the last look"
            }
        return [
            sides
                + "; q: the same after Benjamini and Hochberg; delta: Cliff's; floor: the noise floor. regression and "
                + "improvement: p < \(ComparisonText.p(report.rule.alpha)) and the whole interval beyond the floor; "
                + "unchanged: the whole interval within \(ComparisonText.floor(report.rule.threshold)); at threshold: p as "
                + "above, and the interval beyond 1 but not beyond the floor."
        ]
    }

    private var floors: [String] {
        guard let calibration = report.calibration else { return [] }
        let measured = report.comparisons.filter { calibration.noise(of: $0.name, $0.metric) != nil }
        let others = report.comparisons.count - measured.count
        let rest =
            others == 0
            ? ""
            : "; \(ScaledNumber.counted(others, "comparison")) of cells or metrics that it does not have are by ranks and "
                + "\(ComparisonText.floor(report.rule.threshold)), which one run after another may well exceed"
        return [
            "the calibration: how far \(ScaledNumber.counted(calibration.largestRunCount, "run")) of one program, one after "
                + "the other, differed on this machine (\(calibration.path))" + rest
                + ". For smaller changes measure in turn: invbench ab"
        ]
    }

    /// What could not be decided whatever was measured, and what to run instead; `nil` where there was enough.
    var tooFew: String? {
        let undecided = report.comparisons.filter { $0.doubt == .tooFew }
        guard let first = undecided.first else { return nil }
        // Those that a calibration decides come before these in Holm's order.
        let needed = report.rule.alpha / Double(report.comparisons.count { $0.smallestP > 0 })
        let all = ScaledNumber.counted(report.comparisons.count, "comparison")
        let open = ScaledNumber.counted(undecided.count, "comparison")
        let gate = "at best reach p = \(Self.exact(first.smallestP)), the gate over \(all) needs \(Self.exact(needed))"
        switch report.method {
        case .ranks:
            let take =
                report.repetitionsNeeded.map { "take \($0) on each side (--benchmark_repetitions=\($0)), or " } ?? ""
            return "too few repetitions to decide \(open) (n = \(first.counts.base) against \(first.counts.new) in one "
                + "state of the cores can \(gate)): \(take)compare fewer cells or metrics\(inTurn)"
        case .pairs:
            return
                "too few pairs to decide \(open) (\(ScaledNumber.counted(first.counts.base, "pair")) can \(gate)): give "
                + "a longer --budget, or fewer cells or metrics"
        }
    }

    /// The command that measures both versions in turn, for benchmarks of ours.
    private var inTurn: String {
        guard report.comparisons.contains(where: { CellName($0.name) != nil }) else { return "" }
        func version(_ side: ComparisonSide, _ name: String) -> String {
            let commits = side.contextValues("commit")
            let isKnown =
                commits.count == 1 && commits != ["unknown"] && !side.contextValues("tree_dirty").contains("true")
            return isKnown ? commits[0] : name
        }
        let (base, new) = (version(report.base, "BASE"), version(report.new, "NEW"))
        return "; or measure both in turn until it is decided: invbench ab \(base) \(new)"
    }

    /// What each comparison that is certain and at the threshold says.
    private var atThreshold: [String] {
        let found = report.comparisons.filter { $0.verdict == .atThreshold }
        let threshold = ComparisonText.floor(report.rule.threshold)
        let lines = found.prefix(Self.longestList).compactMap { comparison in
            comparison.ratio.map { ratio in
                "\(comparison.name) \(comparison.metric.key): \(comparison.isWorse == true ? "worse" : "better") by "
                    + "\(ComparisonText.change(ratio)), which is certain; whether that is more than the threshold of "
                    + "\(threshold) is not"
            }
        }
        let more = found.count - lines.count
        return lines + (more > 0 ? ["and \(more) others at the threshold"] : [])
    }

    private var doubts: [String] {
        let words: [(ComparisonDoubt, String)] = [
            (
                .noCommonState,
                "no repetition of the one side met the cores in a state that the other side met; interleave the runs"
            ),
            (
                .withinNoise,
                "the interval reaches beyond the threshold, and lies within the machine's noise or a step of its clock"
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
        let count = report.comparisons.count { $0.counts.baseSetAside + $0.counts.newSetAside > 0 }
        if count == 0 { return [] }
        let words =
            switch report.method {
            case .ranks: "repetitions are set aside: they met the cores in another state than those that are compared"
            case .pairs: "pairs are set aside: their two runs met the cores in different states"
            }
        return ["in \(ScaledNumber.counted(count, "comparison")) \(words)"]
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
