import Foundation

/// One metric of one benchmark over pairs of runs, one of each side, made one right after the other.
///
/// Which of a pair ran first was drawn, so without a difference between the programs the sign of a pair's logarithm is a
/// fair coin whatever the machine did. The series is looked at as ``SequentialLooks`` plans it; between looks values are
/// only collected.
struct PairedSeries {
    /// What a look saw.
    struct Look {
        /// How many pairs there were.
        let pairs: Int
        /// The smallest p-value of all looks so far, each divided by the share of the level that it was allotted.
        let p: Double
        /// The smallest that this look could have given.
        let smallestP: Double
        /// New over base; `nil` where the pairs are too few for the look's part of the level.
        let ratio: RatioInterval?
        /// How much more often the new one of a pair is the larger, from -1 to 1.
        let delta: Double
    }

    /// The benchmark.
    let name: String
    /// What is compared.
    let metric: ComparedMetric
    /// The values of the pairs that are compared, of both sides in the order in which they were measured.
    private(set) var base: [Double] = []
    private(set) var new: [Double] = []
    /// Pairs whose two runs met the cores in different states.
    private(set) var setAside = 0
    /// Whether a run lacked the value, or had one below 0, of which no ratio can be said.
    private(set) var isIncomplete = false
    /// The last look; `nil` before the first.
    private(set) var look: Look?
    private var looks = 0

    init(name: String, metric: ComparedMetric) {
        self.name = name
        self.metric = metric
    }

    /// Whether every run had the value, and they are not all 0: then nothing happened on either side.
    var isComparable: Bool { !isIncomplete && (base.isEmpty || (base + new).contains { $0 != 0 }) }

    /// Takes in the next pair.
    mutating func add(base baseRow: ResultRow, new newRow: ResultRow) {
        guard let before = metric.value(of: baseRow), let after = metric.value(of: newRow), before >= 0, after >= 0
        else {
            isIncomplete = true
            return
        }
        if RoundTripStates.areApart(baseRow[.coreRoundTrip], newRow[.coreRoundTrip]) {
            setAside += 1
            return
        }
        base.append(before)
        new.append(after)
    }

    /// Whether the next planned look has come.
    var isDue: Bool { base.count >= SequentialLooks.pairs(atLook: looks + 1) }

    /// Looks at all pairs so far. When must not depend on what they say.
    mutating func takeLook() {
        let logarithms = zip(base, new).map(Self.logarithm)
        guard let p = Statistics.signedRankP(logarithms), look?.pairs != base.count else { return }
        looks += 1
        let share = SequentialLooks.share(ofLook: looks)
        let level = (1 - Double(RatioInterval.confidencePercent) / 100) * share
        let balance = logarithms.count { $0 > 0 } - logarithms.count { $0 < 0 }
        look = Look(
            pairs: base.count, p: min(look?.p ?? 1, p / share),
            smallestP: min(1, Statistics.smallestSignedRankP(base.count) / share),
            ratio: RatioInterval(pairedLogRatios: logarithms, confidence: 1 - level),
            delta: Double(balance) / Double(base.count))
    }

    /// Of the quotient of a pair: infinite where one of them is nothing. Nothing against nothing is no difference; and -0,
    /// which a file may hold, is nothing, too.
    private static func logarithm(base: Double, new: Double) -> Double {
        base == new ? 0 : log(new.magnitude / base.magnitude)
    }
}
