import ArgumentParser
import BenchmarkRecords

/// `invbench baseline show`: where a baseline comes from, and what was measured.
struct ShowBaseline: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows where a baseline comes from, and the medians of its benchmarks.")

    @Argument(help: ArgumentHelp("Which one.", valueName: "name"))
    var name: String

    @OptionGroup var place: BaselinePlace

    /// What the contexts say of the origin, in the order of the text.
    private static let facts = [
        "machine_id", "cpu_model", "hypervisor", "governor", "kernel", "commit", "tree_dirty", "compiler", "build_type",
        "profile", "window_ns", "date",
    ]

    func run() throws {
        let baseline = try BaselinePlace.baseline(BaselinePlace.name(name), in: place.folder())
        let output = TextSink.standardOutput()
        output.write(Self.text(Self.origin(of: baseline)) + "\n" + Self.text(baseline.table))
        for warning in baseline.warnings { output.write("\nwarning: \(warning)\n") }
        if output.hasFailed { throw ExitStatus.unwritten }
    }

    private static func text(_ rows: [[String]]) -> String {
        TextColumns.aligned(rows.map { $0.map(PrintableText.of) }, indent: 0)
    }

    private static func origin(of baseline: Baseline) -> [[String]] {
        let facts = facts.flatMap { key in
            baseline.contextValues(key).enumerated().map { [$0 == 0 ? key : "", $1] }
        }
        let files = baseline.runs.enumerated().map { [$0 == 0 ? "files" : "", $1.file] }
        return [["saved", baseline.saved.formatted(.iso8601)]] + facts + files
    }
}
