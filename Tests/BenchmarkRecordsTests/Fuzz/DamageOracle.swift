import Foundation
import Testing

@testable import BenchmarkRecords

/// What must hold of every damaged file.
struct DamageOracle {
    private let whole: ComparisonSide
    private let path: String
    private let rule: ComparisonRule

    /// `path` is what the damaged file is called; `metrics` are compared, or those that each cell has for itself.
    init(path: String, metrics: [ComparedMetric] = []) throws {
        let file = try ResultsFile(json: Data(SampleRun.whole.text.utf8), path: "whole.json")
        whole = ComparisonSide(path: "whole.json", files: ["whole.json"], contexts: [file.context], rows: file.rows)
        self.path = path
        rule = ComparisonRule(metrics: metrics)
    }

    /// Whether reading gives a side of which nothing wrong is said, or an error that says all that it has to.
    func outcome(of read: () throws(ResultsFileError) -> ComparisonSide) -> Outcome {
        let side: ComparisonSide
        do {
            side = try read()
        } catch {
            return Self.isClear(error, path: path) ? .refused : .wrong("unclear: \(error.description.debugDescription)")
        }
        if side.rows == whole.rows && side.contexts == whole.contexts { return .harmless }
        for (base, new) in [(whole, side), (side, whole)] {
            let report = ComparisonReport(base: base, new: new, rule: rule)
            if let wrong = report.comparisons.first(where: { !isJustified($0, by: side) || !Self.pointsRight($0) }) {
                return .wrong("\(wrong.verdict) of \(wrong.name.debugDescription) \(wrong.metric.key)")
            }
            let document = ComparisonDocument(report)
            guard let json = try? document.json() else { return .wrong("a value that JSON has no word for") }
            let texts = [
                json, document.csv, ComparisonTable(report).description, ComparisonMarkdown(report).description,
            ]
            if texts.contains(where: { $0.contains("nan") }) { return .wrong("a value that is no number") }
        }
        return .compared
    }

    enum Outcome: Equatable {
        case refused, harmless, compared
        case wrong(String)
    }

    /// One line that names the file, a place in it and a reason.
    private static func isClear(_ error: ResultsFileError, path: String) -> Bool {
        error.description.hasPrefix(path + ": ") && error.place?.isEmpty == false && !error.reason.isEmpty
            && error.description.unicodeScalars.allSatisfy { scalar in
                let category = scalar.properties.generalCategory
                return category != .control && category != .lineSeparator && category != .paragraphSeparator
            }
    }

    /// A regression or an improvement takes as many new repetitions as old ones.
    ///
    /// Of seven against seven, where three are new and as far off as they can be, and the others are the nearest to them
    /// of the old: U is 41 of 49, and p above 0.03 before any correction. What was lost or doubled is not new.
    private func isJustified(_ comparison: Comparison, by side: ComparisonSide) -> Bool {
        guard comparison.verdict == .regression || comparison.verdict == .improvement else { return true }
        func repetitions(of side: ComparisonSide) -> [Repetition] {
            side.rows.filter { $0.runName == comparison.name }.compactMap { row in
                comparison.metric.value(of: row).map { Repetition(value: $0, roundTrip: row[.coreRoundTrip]) }
            }
        }
        let old = Set(repetitions(of: whole))
        let found = repetitions(of: side)
        return 2 * found.count { !old.contains($0) } >= found.count
    }

    /// What is called better has the better median.
    private static func pointsRight(_ comparison: Comparison) -> Bool {
        let isLarger = comparison.newMedian > comparison.baseMedian
        switch comparison.verdict {
        case .improvement: return isLarger == (comparison.metric.better == .higher)
        case .regression: return isLarger == (comparison.metric.better == .lower)
        case .unchanged, .atThreshold, .inconclusive: return true
        }
    }
}
