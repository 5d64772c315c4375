import ArgumentParser
import BenchmarkRecords

/// `invbench export`: results files in the formats of services that follow benchmarks from commit to commit.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Prints results files in the format of a service that follows benchmarks.",
        discussion: """
            bencher is Bencher Metric Format: of each cell the fault p99 in nanoseconds as 'latency', and faults a second \
            with their 95 % interval as 'throughput'.

              invbench export run.json --format bencher > bencher.json
              bencher run --adapter json --file bencher.json

            github-smaller and github-bigger are for github-action-benchmark, which takes one file for each direction: \
            latencies for its tool customSmallerIsBetter, rates for customBiggerIsBetter.

            The figures are those of 'invbench show': medians and rates of one state of the cores. A guard without \
            repetitions enough in one state is left out, and so is one that showed stale translations. A workload that \
            met several states has a cell for each, such as storm/kvm/storm/faulters:1/invalidators:1/cores:near.

            Exit codes: 0 fine; 2 wrong usage, a file that cannot be read, files of several machines, or nothing to \
            export; 5 the output could not be written.
            """)

    /// Whose format.
    enum Format: String, CaseIterable, ExpressibleByArgument {
        case bencher
        case githubSmaller = "github-smaller"
        case githubBigger = "github-bigger"
    }

    @Argument(help: ArgumentHelp("Results files of one machine.", valueName: "file"))
    var files: [String]

    @Option(help: "Whose format.")
    var format: Format

    func run() throws {
        let answer = try AnsweredFiles.ofOneHost(files).answer(reference: AnswerOptions.defaultReference).answer
        let text: String
        do {
            switch format {
            case .bencher: text = try BencherExport.json(answer)
            case .githubSmaller: text = try GitHubBenchmarkExport.smallerIsBetter(answer)
            case .githubBigger: text = try GitHubBenchmarkExport.biggerIsBetter(answer)
            }
        } catch {
            throw UsageError("\(files.joined(separator: ", ")): \(error.description)")
        }
        let output = TextSink.standardOutput()
        output.write(text)
        if output.hasFailed { throw ExitStatus.unwritten }
    }
}
