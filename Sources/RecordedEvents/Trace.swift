import Glibc
import NotifierDispatch

/// One invalidation of a recorded program.
public struct TraceStep: Hashable, Sendable {
    /// When it came, in nanoseconds since the first line of the trace.
    public let nanoseconds: UInt64
    /// Why the kernel raises it.
    public let event: InvalidationEvent
    /// The pages, numbered densely from 0 over all address spaces in the trace.
    public let range: InvalidationRange
}

/// What a trace was read from.
public struct TraceSource: Hashable, Sendable {
    /// What a recording consists of.
    public enum Format: Sendable {
        /// System calls, written by strace. The invalidations are those that Linux raises for them.
        case strace
        /// The invalidations themselves, written by a probe in the kernel.
        case events
    }

    public let format: Format
    /// How many lines the file has, with those that were passed over.
    public let lines: Int
    /// How many lines are about no memory: calls that change none, signals, comments.
    public let linesPassedOver: Int
    /// How many events are left out, since their ranges hold no page that the recording shows in use.
    public let eventsWithoutPages: Int
    /// How many address spaces the invalidations and the faults are in.
    public let addressSpaces: Int
    /// How many of the steps rest on what no recording of calls shows, such as which pages were touched; the likelier is
    /// taken.
    public let uncertainSteps: Int
    /// How many address spaces ended in a recording of calls (exit, execve). The kernel sends each one `release`, which has
    /// no range: it is no step, and is not replayed.
    public let releases: Int
}

/// The invalidations of a recorded program, ready to be replayed.
public struct Trace: Sendable {
    /// The file's name without `.gz`, and without `.strace` or `.events`.
    public let name: String
    /// In the order in which they came.
    public let steps: [TraceStep]
    /// The pages that faulted, in the order in which they did; empty where the recording has no faults.
    public let faultedPages: [UInt32]
    /// How many pages the steps' ranges and the faults lie in: every range ends at or below this.
    public let pages: Int
    /// Whether the recording says when they came. Otherwise all have the time 0, and can only be replayed as fast as
    /// possible.
    public let hasTimes: Bool
    /// What it was read from; `nil` where it was made by hand.
    public let source: TraceSource?

    init(name: String, steps: [TraceStep], faultedPages: [UInt32] = [], pages: Int, hasTimes: Bool = true) {
        self.name = name
        self.steps = steps
        self.faultedPages = faultedPages
        self.pages = pages
        self.hasTimes = hasTimes
        source = nil
    }
}

extension Trace {
    /// Reads a recording, plain or gzip: its first bytes decide which. Its first line, but for comments and blank ones,
    /// decides on the format:
    ///
    /// - What `strace -f -ttt -e trace=%memory,clone,clone3,fork,vfork,exit_group -o FILE PROGRAM` (or `-p PID`) writes.
    ///   Other flags are taken too: any kind of time or none, `-T`, `-k`, `-i`, `-n`, `-y`, `-yy`, `-Y`, `-C`, `-q`,
    ///   colours, `[pid N]` from a terminal, and calls that change no memory. Each invalidation that Linux raises for the
    ///   recorded calls is one step; the rules are those of Linux 6.1 and stand in RecordedSpace.swift.
    /// - Events, a line each: `seconds process event start end`, with byte addresses that are rounded outwards to pages of
    ///   4 KiB, and `#` before a comment. Each is one step, or the faults of its pages; the rules stand in
    ///   EventRecording.swift.
    ///
    /// Where there is no file at `path`, and there are `path.ID` as `strace -ff -o path` writes them, one for each thread,
    /// they are read as one recording in the order of their times, which must be absolute (`-ttt` or `-tt`).
    ///
    /// The whole file is read and understood before anything is returned. Bounded: 512 MiB of text, 2^24 steps, 2^26 pages
    /// of 4 KiB, 2^24 faulted pages.
    ///
    /// Any thread may call it; it blocks while it reads.
    ///
    /// - Throws: a ``TraceError`` where the file cannot be read, is cut, damaged, out of order or too large, or holds
    ///   no invalidation.
    public init(contentsOf path: String) throws(TraceError) {
        let contents = try Self.contents(ofFile: path)
        name = Self.name(ofFile: path)
        do throws(LineFault) {
            switch contents.recording {
            case .calls(let recording):
                let events = try KernelEvents(recording)
                let numbering = try PageNumbering(events.steps)
                steps = events.steps.compactMap { step in
                    InvalidationRange(pages: numbering.numbers(of: step)).map { range in
                        TraceStep(nanoseconds: step.nanoseconds, event: step.event, range: range)
                    }
                }
                faultedPages = []
                pages = numbering.pages
                hasTimes = recording.hasTimes
                source = TraceSource(
                    format: .strace, lines: contents.lines, linesPassedOver: contents.linesPassedOver,
                    eventsWithoutPages: 0, addressSpaces: Set(events.steps.map(\.space)).count,
                    uncertainSteps: events.uncertainSteps, releases: events.releases.count)
            case .events(let recording):
                let replay = try recording.replay()
                steps = replay.steps
                faultedPages = replay.faultedPages
                pages = replay.pages
                hasTimes = replay.hasTimes
                source = TraceSource(
                    format: .events, lines: contents.lines, linesPassedOver: contents.linesPassedOver,
                    eventsWithoutPages: replay.eventsWithoutPages, addressSpaces: replay.addressSpaces,
                    uncertainSteps: 0, releases: 0)
            }
        } catch {
            throw TraceError(file: path, message: error.message)
        }
        guard !steps.isEmpty else {
            throw TraceError(
                file: path, message: "the trace holds no invalidation: record a program that unmaps or protects memory")
        }
    }

    private static func contents(ofFile path: String) throws(TraceError) -> TraceLines.Contents {
        if access(path, F_OK) != 0, let files = ThreadFiles(of: path) { return try files.contents() }
        let file = try TraceFile(path: path)
        var lines = TraceLines(path: path)
        try file.read(into: &lines)
        return try lines.finish()
    }

    /// The name that a recording at `path` gets: the file's without folder, `.gz`, and `.strace` or `.events`. Reads
    /// nothing.
    public static func name(ofFile path: String) -> String {
        var name = path.split(separator: "/").last.map(String.init) ?? path
        for suffixes in [[".gz"], [".strace", ".events"]] {
            if let suffix = suffixes.first(where: { name.hasSuffix($0) && name != $0 }) {
                name.removeLast(suffix.count)
            }
        }
        return name
    }
}
