/// Two versions compared: every benchmark that both sides have, by every metric.
public struct ComparisonReport: Sendable {
    /// The side that is compared with.
    public let base: ComparisonSide
    /// The side that is judged.
    public let new: ComparisonSide
    /// What was compared, and when a difference counts.
    public let rule: ComparisonRule
    /// How the sides were measured, and so how they are compared.
    public let method: ComparisonMethod
    /// What was measured of this machine's noise, where that counts: the sides were not measured in turn.
    let calibration: NoiseCalibration?
    /// By the benchmarks' names.
    public let comparisons: [Comparison]
    /// Benchmarks that only the base has.
    public let onlyInBase: [String]
    /// Benchmarks that only the new side has.
    public let onlyInNew: [String]
    /// Metrics that were asked for and that some repetition of a benchmark lacks, as `<benchmark> <metric>`.
    public let incomplete: [String]
    /// What may keep the sides from being compared fairly, a line each.
    public let warnings: [String]

    /// Compares two sides. Takes time in proportion to the number of comparisons; their order plays no part.
    ///
    /// `calibration` says how far runs of one program, made one after the other, differ on the machine. It raises the
    /// noise floor unless the runs of both sides were made in turn, where what the machine drifts by meets both alike.
    public init(
        base: ComparisonSide, new: ComparisonSide, rule: ComparisonRule, calibration: NoiseCalibration? = nil
    ) {
        let origins = ComparedOrigins(base: base, new: new)
        self.base = base
        self.new = new
        self.rule = rule
        self.calibration = origins.areInTurn ? nil : calibration
        method = .ranks
        let baseRows = Dictionary(grouping: base.rows, by: \.runName)
        let newRows = Dictionary(grouping: new.rows, by: \.runName)
        onlyInBase = baseRows.keys.filter { newRows[$0] == nil }.sorted()
        onlyInNew = newRows.keys.filter { baseRows[$0] == nil }.sorted()
        var comparisons: [Comparison] = []
        var incomplete: [String] = []
        for name in baseRows.keys.sorted() {
            guard let before = baseRows[name], let after = newRows[name] else { continue }
            let metrics = rule.metrics.isEmpty ? ComparedMetric.defaults(for: before[0]) : rule.metrics
            for metric in metrics {
                if let comparison = Comparison(name: name, metric: metric, base: before, new: after) {
                    comparisons.append(comparison)
                } else if (before + after).contains(where: { metric.value(of: $0) == nil }) {
                    incomplete.append("\(name) \(metric.key)")
                }
            }
        }
        self.incomplete = incomplete
        self.comparisons = Self.decided(comparisons, by: rule, calibration: self.calibration)
        warnings = origins.warnings(isCalibrated: self.calibration != nil)
    }

    /// Of pairs, as they were last looked at. `onlyInBase` and `onlyInNew` are benchmarks that the other side does not
    /// have.
    init(
        base: ComparisonSide, new: ComparisonSide, rule: ComparisonRule, series: [PairedSeries],
        onlyInBase: [String], onlyInNew: [String]
    ) {
        self.base = base
        self.new = new
        self.rule = rule
        self.onlyInBase = onlyInBase
        self.onlyInNew = onlyInNew
        method = .pairs
        calibration = nil
        incomplete = series.filter(\.isIncomplete).map { "\($0.name) \($0.metric.key)" }
        comparisons = Self.decided(series.filter(\.isComparable), by: rule)
        warnings = ComparedOrigins(base: base, new: new).warnings(runsMayDiffer: true)
    }

    /// How many comparisons came to `verdict`.
    public func count(_ verdict: ComparisonVerdict) -> Int { comparisons.count { $0.verdict == verdict } }

    /// How many comparisons are inconclusive for this reason.
    public func count(_ doubt: ComparisonDoubt) -> Int { comparisons.count { $0.doubt == doubt } }

    /// How many repetitions on each side, all in one state of the cores, would let every comparison that has too few pass the
    /// gate after Holm's correction, if the sides did not overlap; `nil` where none has too few, and for pairs.
    public var repetitionsNeeded: Int? {
        guard method == .ranks, count(.tooFew) > 0 else { return nil }
        return (1...100).first { n in
            let smallest = comparisons.map { comparison in
                comparison.doubt == .tooFew ? Statistics.smallestMannWhitneyP(n, n) : comparison.smallestP
            }
            return zip(comparisons, Statistics.holmAdjusted(smallest)).allSatisfy { comparison, p in
                comparison.doubt != .tooFew || p < rule.alpha
            }
        }
    }

    /// The outcome in one line.
    public var summary: String {
        let words: [(ComparisonVerdict, one: String, many: String)] = [
            (.regression, "regression", "regressions"), (.improvement, "improvement", "improvements"),
            (.unchanged, "unchanged", "unchanged"), (.atThreshold, "at threshold", "at threshold"),
            (.inconclusive, "inconclusive", "inconclusive"),
        ]
        let counts = words.compactMap { verdict, one, many -> String? in
            let count = count(verdict)
            if verdict == .atThreshold && count == 0 { return nil }
            return "\(count) \(count == 1 ? one : many)"
        }
        let benchmarks = Set(comparisons.map(\.name)).count
        return "\(counts.joined(separator: ", ")): \(ScaledNumber.counted(comparisons.count, "comparison")) of "
            + "\(ScaledNumber.counted(benchmarks, "benchmark"))."
    }

    /// What pairs of runs came to.
    static func decided(_ series: [PairedSeries], by rule: ComparisonRule) -> [Comparison] {
        decided(series.map { Comparison($0) }, by: rule)
    }

    private static func decided(
        _ comparisons: [Comparison], by rule: ComparisonRule, calibration: NoiseCalibration? = nil
    ) -> [Comparison] {
        var comparisons = comparisons
        for index in comparisons.indices {
            comparisons[index].noiseFloor = max(rule.threshold, comparisons[index].stepOfTheClock)
            if let calibration {
                comparisons[index].calibrate(by: calibration, alpha: rule.alpha, comparisons: comparisons.count)
            }
        }
        let holm = Statistics.holmAdjusted(comparisons.map(\.p))
        let benjaminiHochberg = Statistics.benjaminiHochbergAdjusted(comparisons.map(\.p))
        let smallest = Statistics.holmAdjusted(comparisons.map(\.smallestP))
        for index in comparisons.indices {
            comparisons[index].holmP = holm[index]
            comparisons[index].benjaminiHochbergP = benjaminiHochberg[index]
            comparisons[index].decide(by: rule, smallestHolmP: smallest[index])
        }
        return comparisons
    }
}

/// How two sides were measured, and so how they are compared.
public enum ComparisonMethod: String, Sendable {
    /// Each by itself: all repetitions of the one against all of the other, by their ranks.
    case ranks
    /// In pairs, one run of each: by the quotient of each pair.
    case pairs
}
