import ArgumentParser
import BenchmarkRecords

/// What two versions are compared by, how the comparison is written, and what fails.
struct VerdictFlags: ParsableArguments {
    /// What the exit code reports.
    enum FailOn: String, CaseIterable, ExpressibleByArgument {
        case regression
        case anyChange = "any-change"
        case inconclusive
        case never
    }

    /// How the comparison is written.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case table
        case markdown
        case json
        case csv
    }

    @OptionGroup var metric: MetricFlag

    @Option(
        help: ArgumentHelp("The level of the gate. (default: 0.01)", valueName: "p"), transform: FlagValues.level)
    var alpha: Double = 0.01

    @Option(help: "How the comparison is written.")
    var format: Format = .table

    @Option(
        help: ArgumentHelp(
            "What fails: 'regression' ends with 1 on a regression and with 4 on what could not be decided or is "
                + "worse and at the threshold; 'any-change' with 1 on an improvement, too, and with 4 on whatever is at "
                + "the threshold; 'inconclusive' with 4 on that and on whatever is inconclusive; 'never' always with 0."
        ))
    var failOn: FailOn = .regression

    /// When a difference counts; `threshold` in per cent.
    func rule(threshold: Double) throws -> ComparisonRule {
        ComparisonRule(metrics: try metric.chosen(), threshold: threshold / 100, alpha: alpha)
    }

    /// Writes a comparison to standard output; returns whether all of it could be written. Throws where there is none.
    func write(_ report: ComparisonReport) throws -> Bool {
        if report.comparisons.isEmpty { throw UsageError(Self.nothingInCommon(report)) }
        let output = TextSink.standardOutput()
        output.write(try text(of: report))
        return !output.hasFailed
    }

    /// The code for what was found: a regression tells more than what is open.
    func status(of report: ComparisonReport) -> ExitStatus {
        if failOn == .never { return .success }
        let hasChanged = report.count(.regression) > 0 || (failOn == .anyChange && report.count(.improvement) > 0)
        if hasChanged { return .regression }
        return report.comparisons.contains(where: isOpen) ? .undecided : .success
    }

    /// Whether a comparison that is no regression keeps the gate from being passed.
    private func isOpen(_ comparison: Comparison) -> Bool {
        if comparison.verdict == .atThreshold { return comparison.isWorse == true || failOn != .regression }
        return comparison.doubt.map { $0.isOfSample || failOn == .inconclusive } ?? false
    }

    private func text(of report: ComparisonReport) throws -> String {
        switch format {
        case .table: ComparisonTable(report).description
        case .markdown: ComparisonMarkdown(report).description
        case .json: try ComparisonDocument(report).json()
        case .csv: ComparisonDocument(report).csv
        }
    }

    private static func nothingInCommon(_ report: ComparisonReport) -> String {
        let places = "\(report.base.path) and \(report.new.path)"
        let absent =
            UnmeasuredRow.summary(of: report.base.unmeasured + report.new.unmeasured).map { "; \($0)" } ?? ""
        if let missing = report.incomplete.first {
            return "\(places): no metric to compare; some repetition lacks \(missing)\(absent)"
        }
        let isOneSided = !report.onlyInBase.isEmpty || !report.onlyInNew.isEmpty
        return isOneSided
            ? "\(places): no benchmark is on both sides; run the same cells for both\(absent)"
            : "\(places): every value is 0 on both sides; name another --metric"
    }
}
