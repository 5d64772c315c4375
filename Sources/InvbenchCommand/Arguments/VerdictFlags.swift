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

    @Option(
        name: .customLong("metric"),
        help: ArgumentHelp(
            "Only these values, by their keys in the results file. (default: faults_per_second, fault_p99_ns, "
                + "invalidations_per_second)", valueName: "a,b"),
        transform: FlagValues.names)
    var metrics: [[String]] = []

    @Option(
        help: ArgumentHelp("The level of the gate. (default: 0.01)", valueName: "p"), transform: FlagValues.level)
    var alpha: Double = 0.01

    @Option(help: "How the comparison is written.")
    var format: Format = .table

    @Option(
        help: ArgumentHelp(
            "What fails: 'regression' ends with 1 on a regression and with 4 on what could not be decided; "
                + "'any-change' with 1 on an improvement, too; 'inconclusive' with 4 on whatever is inconclusive, "
                + "too; 'never' always with 0."))
    var failOn: FailOn = .regression

    /// When a difference counts; `threshold` in per cent.
    func rule(threshold: Double) throws -> ComparisonRule {
        ComparisonRule(metrics: try chosenMetrics(), threshold: threshold / 100, alpha: alpha)
    }

    /// Writes a comparison to standard output; returns whether all of it could be written.
    func write(_ report: ComparisonReport) throws -> Bool {
        let output = TextSink.standardOutput()
        output.write(try text(of: report))
        return !output.hasFailed
    }

    /// The code for what was found: a regression tells more than what is open.
    func status(of report: ComparisonReport) -> ExitStatus {
        if failOn == .never { return .success }
        let hasChanged = report.count(.regression) > 0 || (failOn == .anyChange && report.count(.improvement) > 0)
        if hasChanged { return .regression }
        let isOpen = report.comparisons.contains { comparison in
            comparison.doubt.map { $0.isOfSample || failOn == .inconclusive } ?? false
        }
        return isOpen ? .undecided : .success
    }

    private func text(of report: ComparisonReport) throws -> String {
        switch format {
        case .table: ComparisonTable(report).description
        case .markdown: ComparisonMarkdown(report).description
        case .json: try ComparisonDocument(report).json()
        case .csv: ComparisonDocument(report).csv
        }
    }

    private func chosenMetrics() throws -> [ComparedMetric] {
        var chosen: [ComparedMetric] = []
        for name in metrics.flatMap({ $0 }) {
            guard let metric = ComparedMetric.all.first(where: { $0.key == name }) else {
                throw UsageError(Self.unknown(metric: name))
            }
            if !chosen.contains(metric) { chosen.append(metric) }
        }
        return chosen
    }

    private static func unknown(metric name: String) -> String {
        if Metric(rawValue: name) != nil {
            return "--metric \(name): it describes the machine or the sample, and neither direction of it is better"
        }
        let guess = NearestName.of(name, among: ComparedMetric.all.map(\.key)).map { "; did you mean \($0)?" }
        return "--metric \(name): unknown"
            + (guess ?? "; there are \(ComparedMetric.all.map(\.key).joined(separator: ", "))")
    }
}
