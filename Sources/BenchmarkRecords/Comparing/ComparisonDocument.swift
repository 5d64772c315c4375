import Foundation

/// A comparison for programs, as JSON or as comma-separated values.
///
/// The keys are stable; others may be added. The JSON object holds:
/// - `format`: 1; `base`, `new`: each with `path` and `files`;
/// - `method`: `ranks`, repetitions against repetitions, or `pairs`;
/// - `threshold_percent`, `alpha`, `confidence_percent`: the rule;
/// - `regressions`, `improvements`, `unchanged`, `at_threshold`, `inconclusive`: how many comparisons came to that;
/// - `repetitions_needed`: how many repetitions a side it would take to decide what had too few; absent where none had;
/// - `comparisons`: objects with the keys of ``Entry``, by the benchmarks' names;
/// - `only_in_base`, `only_in_new`: names of benchmarks; `incomplete`: `<benchmark> <metric>`; `warnings`: lines.
///
/// A key whose value does not exist is absent, an interval's infinite end too; in CSV the field is empty. Times are in
/// nanoseconds.
public struct ComparisonDocument: Encodable, Sendable {
    struct Side: Encodable {
        let path: String
        let files: [String]
    }

    /// One metric of one benchmark.
    struct Entry: Encodable {
        let name: String
        let metric: String
        /// `lower` or `higher`.
        let better: String
        /// Repetitions that were compared.
        let baseRepetitions: Int
        let newRepetitions: Int
        /// Repetitions of other states than the one that is compared in.
        let baseSetAside: Int
        let newSetAside: Int
        /// In how many core-to-core states repetitions were compared: 1, or 0 where the sides have no state in common.
        let states: Int
        let baseMedian: Double
        let newMedian: Double
        /// New over base, and the ends of its interval; all three absent where the samples are too small for one.
        let ratio: Double?
        let lower: Double?
        let upper: Double?
        /// Cliff's delta.
        let delta: Double?
        let p: Double
        let pHolm: Double
        let pBenjaminiHochberg: Double
        /// The noise floor that it was held against, in per cent; absent where any change may be noise.
        let noiseFloorPercent: Double?
        /// `regression`, `improvement`, `unchanged`, `at threshold` or `inconclusive`.
        let verdict: String
        /// Why it is inconclusive.
        let reason: String?
    }

    let format = 1
    let base: Side
    let new: Side
    let method: String
    let thresholdPercent: Double
    let alpha: Double
    let confidencePercent = RatioInterval.confidencePercent
    let regressions: Int
    let improvements: Int
    let unchanged: Int
    let atThreshold: Int
    let inconclusive: Int
    let repetitionsNeeded: Int?
    let comparisons: [Entry]
    let onlyInBase: [String]
    let onlyInNew: [String]
    let incomplete: [String]
    let warnings: [String]

    /// Takes over a report.
    public init(_ report: ComparisonReport) {
        base = Side(path: report.base.path, files: report.base.files)
        new = Side(path: report.new.path, files: report.new.files)
        method = report.method.rawValue
        thresholdPercent = 100 * report.rule.threshold
        alpha = report.rule.alpha
        regressions = report.count(.regression)
        improvements = report.count(.improvement)
        unchanged = report.count(.unchanged)
        atThreshold = report.count(.atThreshold)
        inconclusive = report.count(.inconclusive)
        repetitionsNeeded = report.repetitionsNeeded
        comparisons = report.comparisons.map(Entry.init)
        onlyInBase = report.onlyInBase
        onlyInNew = report.onlyInNew
        incomplete = report.incomplete
        warnings = report.warnings
    }

    /// The document as JSON, with a newline at its end.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    /// The comparisons as comma-separated values (RFC 4180), a line each below a heading.
    public var csv: String {
        let heading = """
            name,metric,better,base_repetitions,new_repetitions,base_set_aside,new_set_aside,states,base_median,\
            new_median,ratio,lower,upper,delta,p,p_holm,p_benjamini_hochberg,noise_floor_percent,verdict,reason
            """
        return ([heading] + comparisons.map(\.csv)).map { $0 + "\r\n" }.joined()
    }
}

extension ComparisonDocument.Entry {
    init(_ comparison: Comparison) {
        func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
        name = comparison.name
        metric = comparison.metric.key
        better = comparison.metric.better == .lower ? "lower" : "higher"
        baseRepetitions = comparison.counts.base
        newRepetitions = comparison.counts.new
        baseSetAside = comparison.counts.baseSetAside
        newSetAside = comparison.counts.newSetAside
        states = comparison.counts.states
        baseMedian = comparison.baseMedian
        newMedian = comparison.newMedian
        ratio = finite(comparison.ratio?.estimate)
        lower = finite(comparison.ratio?.lower)
        upper = finite(comparison.ratio?.upper)
        delta = comparison.delta
        p = comparison.p
        pHolm = comparison.holmP
        pBenjaminiHochberg = comparison.benjaminiHochbergP
        noiseFloorPercent = finite(100 * comparison.noiseFloor)
        verdict = comparison.verdict.rawValue
        reason = comparison.doubt?.rawValue
    }

    /// In the order of the heading.
    var csv: String {
        let counts = [baseRepetitions, newRepetitions, baseSetAside, newSetAside, states].map { String($0) }
        let values = [
            baseMedian, newMedian, ratio, lower, upper, delta, p, pHolm, pBenjaminiHochberg, noiseFloorPercent,
        ].map {
            $0.map(CSVTable.number) ?? ""
        }
        return ([CSVTable.field(name), metric, better] + counts + values + [verdict, reason ?? ""])
            .joined(separator: ",")
    }
}
