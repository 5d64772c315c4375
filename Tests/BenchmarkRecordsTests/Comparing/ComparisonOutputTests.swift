import Foundation
import Testing

@testable import BenchmarkRecords

@Suite struct ComparisonOutputTests {
    private let report = ComparisonTests.report(
        ComparisonTests.nine(1.1e6)
            + repetitions(of: "a|b`c", on: "storm/faulters:1/invalidators:1", faultsPerSecond: rates(1e6, 9)),
        ComparisonTests.nine(1e6)
            + repetitions(of: "a|b`c", on: "storm/faulters:1/invalidators:1", faultsPerSecond: rates(1e6, 9)))

    @Test func theTableBeginsWithTheSummaryAndTheRegressions() {
        let lines = ComparisonTable(report).description.split(separator: "\n").map(String.init)
        #expect(
            lines.prefix(6) == [
                "1 regression, 0 improvements, 1 unchanged, 0 inconclusive: 2 comparisons of 2 benchmarks.",
                "base a.json", "new  b.json",
                " metric                       n   base    new ratio         95%     p     q delta floor verdict",
                "storm/kvm/storm/faulters:1/invalidators:1",
                " faults_per_second          9:9  1.10M  1.00M 0.909 0.906-0.912 8e-05 8e-05 -1.00    3% regression",
            ], "\(lines.joined(separator: "\n"))")
        #expect(lines.allSatisfy { $0.count <= 100 })
    }

    @Test func markdownFoldsAwayWhatIsUnchanged() {
        let text = ComparisonMarkdown(report).description
        #expect(text.hasPrefix("**1 regression, "))
        let (shown, folded) = (text.range(of: "| regression |"), text.range(of: "<details>"))
        #expect(shown.flatMap { shown in folded.map { shown.upperBound < $0.lowerBound } } == true)
        #expect(text.contains("`storm/a\\|b'c/storm/faulters:1/invalidators:1`"))
        #expect(text.contains("p &lt; 0.010"))
    }

    @Test func jsonHasTheDocumentedKeys() throws {
        let text = try ComparisonDocument(report).json()
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(
            Set(object.keys) == [
                "format", "method", "base", "new", "threshold_percent", "alpha", "confidence_percent", "regressions",
                "improvements", "unchanged", "at_threshold", "inconclusive", "comparisons", "only_in_base",
                "only_in_new", "incomplete",
                "warnings",
            ])
        let comparisons = try #require(object["comparisons"] as? [[String: Any]])
        #expect(
            Set(comparisons[1].keys) == [
                "name", "metric", "better", "base_repetitions", "new_repetitions", "base_set_aside", "new_set_aside",
                "states", "base_median", "new_median", "ratio", "lower", "upper", "delta", "p", "p_holm",
                "p_benjamini_hochberg", "noise_floor_percent", "verdict",
            ])
        #expect(comparisons[1]["verdict"] as? String == "regression")
        #expect(object["regressions"] as? Int == 1)
    }

    @Test func anInfiniteEndIsAbsent() throws {
        let report = ComparisonTests.report(
            repetitions(of: "kvm", faultsPerSecond: Array(repeating: 0, count: 9)), ComparisonTests.nine(1))
        let text = try ComparisonDocument(report).json()
        #expect(!text.contains("\"upper\"") && !text.contains("\"ratio\"") && !text.contains("inf"))
        #expect(ComparisonTable(report).description.contains("   inf     inf-inf "))
    }

    @Test func whatSteersATerminalIsShownAsSuch() {
        let rows = repetitions(of: "\u{1B}[2J", faultsPerSecond: rates(1e6, 9))
        let report = ComparisonTests.report(rows, rows)
        for text in [ComparisonTable(report).description, ComparisonMarkdown(report).description] {
            #expect(text.contains("storm/\u{FFFD}[2J/storm") && !text.contains("\u{1B}"))
        }
    }

    @Test func csvHasAFieldForEachHeading() {
        let lines = ComparisonDocument(report).csv.split(separator: "\r\n")
        #expect(lines.count == 3)
        #expect(lines.allSatisfy { $0.count { $0 == "," } == 19 })
        #expect(lines[2].hasPrefix("storm/kvm/storm/faulters:1/invalidators:1,faults_per_second,higher,9,9,0,0,1,"))
        #expect(lines[2].hasSuffix(",regression,"))
    }
}
