import ArgumentParser
import BenchmarkRecords

/// `invbench compare`: whether one version is slower than another, or faster, or neither can be said.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Compares two versions, and says where one is slower beyond doubt.",
        discussion: """
            BASE and NEW are results files, or folders of them that are read with all below: a side is the union of \
            its files' repetitions. 'baseline:NAME' is what 'invbench baseline save NAME' has kept. Two runs one after the other differ by the machine's drift, too; the trustworthy \
            way is to run both in turn and to give two folders:

              for i in 1 2 3 4 5 6 7 8 9; do
                old/invbench --no-save --benchmark_repetitions=1 \\
                  --benchmark_out=old-runs/$i.json
                new/invbench --no-save --benchmark_repetitions=1 \\
                  --benchmark_out=new-runs/$i.json
              done
              invbench compare old-runs new-runs

            Repetitions are compared with those of the other side that met the cores in the same state, as \
            core_round_trip_ns tells. 'regression' and 'improvement' take a p below --alpha, corrected after Holm \
            for all comparisons, and a 95 % interval that lies beyond --threshold as a whole; 'unchanged' takes an \
            interval within it; all else is 'inconclusive'. Results files of other Google Benchmark programs \
            compare by real_time.

            --format json is for programs: an object with regressions, improvements, unchanged, inconclusive \
            (counts), warnings, only_in_base, only_in_new, and comparisons: objects with name, metric, better, \
            base_median, new_median, ratio (new over base) with its interval lower and upper (absent where the \
            samples are too small), p, p_holm, p_benjamini_hochberg, delta, verdict, and reason where that is \
            inconclusive.

            Exit codes: 0 no regression; 1 a regression; 2 wrong usage, an unreadable file, nothing in common; 4 no \
            regression, but a comparison that could not be decided whatever was measured: too few repetitions for \
            so many comparisons, or no common state of the cores. 5 the output could not be written.
            """)

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

    @Argument(help: ArgumentHelp("What is compared with.", valueName: "base"))
    var base: String

    @Argument(help: ArgumentHelp("What is judged.", valueName: "new"))
    var new: String

    @Option(
        name: .customLong("metric"),
        help: ArgumentHelp(
            "Only these values, by their keys in the results file. (default: faults_per_second, fault_p99_ns, "
                + "invalidations_per_second)", valueName: "a,b"),
        transform: FlagValues.names)
    var metrics: [[String]] = []

    @Option(
        help: ArgumentHelp("The noise floor: a smaller change is none. (default: 3%)", valueName: "percent"),
        transform: FlagValues.percentage)
    var threshold: Double = 3

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

    @Option(help: ArgumentHelp("Where baselines are kept. (default: results)", valueName: "folder"))
    var results = "results"

    @Flag(help: "Compare also what was measured on different machines.")
    var acrossMachines = false

    func run() throws {
        let rule = ComparisonRule(metrics: try chosenMetrics(), threshold: threshold / 100, alpha: alpha)
        let sides = try ComparedSides(base: base, new: new, results: results)
        let (base, new) = (sides.base, sides.new)
        let machines = ComparedOrigins(base: base, new: new).machines
        if machines.count > 1 && !acrossMachines {
            throw UsageError(
                "measured on different machines: \(machines.joined(separator: ", ")); compare what one machine "
                    + "measured, or say --across-machines")
        }
        let report = ComparisonReport(base: base, new: new, rule: rule)
        if report.comparisons.isEmpty { throw UsageError(Self.nothingInCommon(report)) }
        let output = TextSink.standardOutput()
        output.write(try text(of: report))
        if output.hasFailed { throw ExitStatus.unwritten }
        let status = Self.status(of: report, failOn: failOn)
        if status != .success { throw status }
    }

    /// The code for what was found: a regression tells more than what is open.
    static func status(of report: ComparisonReport, failOn: FailOn) -> ExitStatus {
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

    private static func nothingInCommon(_ report: ComparisonReport) -> String {
        let places = "\(report.base.path) and \(report.new.path)"
        if let missing = report.incomplete.first {
            return "\(places): no metric to compare; some repetition lacks \(missing)"
        }
        let isOneSided = !report.onlyInBase.isEmpty || !report.onlyInNew.isEmpty
        return isOneSided
            ? "\(places): no benchmark is on both sides; run the same cells for both"
            : "\(places): every value is 0 on both sides; name another --metric"
    }
}
