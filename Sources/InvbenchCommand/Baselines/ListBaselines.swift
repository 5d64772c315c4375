import ArgumentParser
import BenchmarkRecords

/// `invbench baseline list`: the baselines of a machine.
struct ListBaselines: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Shows the baselines of a machine; damaged ones are named and left alone.")

    @OptionGroup var place: BaselinePlace

    func run() throws {
        let folder = try place.folder()
        let entries = try entries(of: folder)
        var lines = [["name", "saved", "commit", "files", "repetitions", "benchmarks"]]
        for entry in entries {
            switch entry.baseline {
            case .success(let baseline): lines.append(Self.line(entry.name, baseline))
            case .failure(let error): StandardError.say("damaged: \(error)")
            }
        }
        let output = TextSink.standardOutput()
        let nothing = "no baseline in \(folder.path); 'invbench baseline save' keeps one\n"
        output.write(entries.isEmpty ? nothing : TextColumns.aligned(lines, indent: 0))
        if output.hasFailed { throw ExitStatus.unwritten }
    }

    private func entries(of folder: BaselineFolder) throws -> [BaselineFolder.Entry] {
        do {
            return try folder.entries()
        } catch {
            throw UsageError(error.description)
        }
    }

    private static func line(_ name: String, _ baseline: Baseline) -> [String] {
        let commits = PrintableText.of(baseline.contextValues("commit").joined(separator: " "))
        return [
            name, baseline.saved.formatted(.iso8601), commits.isEmpty ? "-" : commits, String(baseline.runs.count),
            text(of: baseline.repetitions), String(baseline.benchmarkCount),
        ]
    }

    /// How many repetitions its benchmarks have: `9`, `5-9`.
    static func text(of repetitions: ClosedRange<Int>) -> String {
        let (fewest, most) = (repetitions.lowerBound, repetitions.upperBound)
        return fewest == most ? String(most) : "\(fewest)-\(most)"
    }
}
