import ArgumentParser
import BenchmarkRecords
import NotifierDispatch
import RecordedEvents

/// `invbench trace`: what is in a recording, before it is replayed.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "Shows what is in a recorded program's file.",
        discussion: """
            It reads the file as 'invbench --trace FILE' does, and measures nothing. The file is what strace writes, or \
            events, a line each: 'seconds process event start end'. Either may be compressed with gzip.

            'pages' are those of all steps of an event, each counted as often as it is invalidated.

            Exit codes: 0 fine; 2 wrong usage, or a file that cannot be read; 5 the output could not be written.
            """)

    @Argument(
        help: ArgumentHelp("A recording, as --trace takes it.", valueName: "file"), completion: .file())
    var file: String

    func run() throws {
        let trace = try UsageError.explaining { try Trace(contentsOf: file) }
        let output = TextSink.standardOutput()
        output.write(TraceText.text(of: trace))
        if output.hasFailed { throw ExitStatus.unwritten }
    }
}

/// What a trace holds, for people.
enum TraceText {
    static func text(of trace: Trace) -> String {
        let lines = [name(of: trace)] + summary(of: trace) + unknown(in: trace)
        return lines.map { $0 + "\n" }.joined() + "\n" + events(of: trace) + "\n" + sizes(of: trace)
    }

    /// How much there is, in two lines.
    static func summary(of trace: Trace) -> [String] {
        let span =
            trace.hasTimes ? "in \(seconds(trace.steps.last?.nanoseconds ?? 0))" : "without times"
        let spaces = trace.source.map { " in \(ScaledNumber.counted($0.addressSpaces, "address space"))" } ?? ""
        let invalidations =
            "\(ScaledNumber.counted(trace.steps.count, "invalidation")) \(span), \(size(trace.pages))\(spaces)"
        guard !trace.faultedPages.isEmpty else {
            return [invalidations, "no faults: a replay faults at all of these pages alike"]
        }
        let faults = ScaledNumber.counted(trace.faultedPages.count, "fault")
        return [
            invalidations,
            "\(faults) at \(ScaledNumber.counted(Set(trace.faultedPages).count, "page")): a replay has them, in their order",
        ]
    }

    private static func name(of trace: Trace) -> String {
        guard let source = trace.source else { return PrintableText.of(trace.name) }
        let writer =
            switch source.format {
            case .strace: "calls, as strace wrote them, by the rules of Linux \(LinuxRules.ofTraces.rawValue)"
            case .events: "events, as the kernel raised them"
            }
        let passedOver = source.linesPassedOver > 0 ? ", \(source.linesPassedOver) of them about no memory" : ""
        return "\(PrintableText.of(trace.name)): \(writer); \(ScaledNumber.counted(source.lines, "line"))\(passedOver)"
    }

    private static func unknown(in trace: Trace) -> [String] {
        guard let source = trace.source else { return [] }
        var lines: [String] = []
        if source.eventsWithoutPages > 0 {
            lines.append(
                "\(ScaledNumber.counted(source.eventsWithoutPages, "event")) left out: over 16 GiB, without a page that "
                    + "another event touches")
        }
        if source.releases > 0 {
            let spaces = ScaledNumber.counted(source.releases, "address space")
            lines.append("\(spaces) ended: a release, which has no range, and is not replayed")
        }
        if source.uncertainSteps > 0 {
            lines.append(
                "\(ScaledNumber.counted(source.uncertainSteps, "invalidation")) uncertain: calls do not show which pages "
                    + "were touched")
        }
        return lines
    }

    private static func events(of trace: Trace) -> String {
        let byEvent = Dictionary(grouping: trace.steps, by: \.event)
        let rows = InvalidationEvent.allCases.compactMap { event -> [String]? in
            guard let steps = byEvent[event] else { return nil }
            return [
                event.recordedName, String(steps.count), String(steps.reduce(0) { $0 + $1.range.count }),
                String(steps.map(\.range.count).max() ?? 0),
            ]
        }
        return TextColumns.aligned([["event", "steps", "pages", "largest"]] + rows, indent: 0)
    }

    /// How many steps there are of each size, in powers of two.
    private static func sizes(of trace: Trace) -> String {
        var counts: [Int: Int] = [:]
        for step in trace.steps {
            counts[step.range.count.bitWidth - step.range.count.leadingZeroBitCount - 1, default: 0] += 1
        }
        let rows = counts.keys.sorted().map { power in
            let lowest = 1 << power
            return [power == 0 ? "1" : "\(lowest) to \(2 * lowest - 1)", String(counts[power, default: 0])]
        }
        return TextColumns.aligned([["pages in a step", "steps"]] + rows, indent: 0)
    }

    private static func seconds(_ nanoseconds: UInt64) -> String {
        let seconds = Double(nanoseconds) / 1e9
        return seconds < 100 ? "\((seconds * 1000).rounded() / 1000) s" : "\(Int(seconds.rounded())) s"
    }

    private static func size(_ pages: Int) -> String {
        "\(ScaledNumber.counted(pages, "page")) (\(ScaledNumber.size(UInt64(pages) * 4096)))"
    }
}
