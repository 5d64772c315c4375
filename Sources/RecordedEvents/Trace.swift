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

/// The invalidations of a recorded program, ready to be replayed.
public struct Trace: Sendable {
    /// The file's name without `.gz` and `.strace`.
    public let name: String
    /// In the order in which they came.
    public let steps: [TraceStep]
    /// How many pages the steps' ranges lie in: every range ends at or below this.
    public let pages: Int
    /// Whether the recording says when they came. Otherwise all have the time 0, and can only be replayed as fast as
    /// possible.
    public let hasTimes: Bool
    /// How many of the steps rest on what no recording shows, such as which pages were touched; the likelier is taken.
    public let uncertainSteps: Int
    /// How many address spaces ended (exit, execve). The kernel sends each one `release`, which has no range: it is no
    /// step, and is not replayed.
    public let releases: Int

    init(
        name: String, steps: [TraceStep], pages: Int, hasTimes: Bool = true, uncertainSteps: Int = 0, releases: Int = 0
    ) {
        self.name = name
        self.steps = steps
        self.pages = pages
        self.hasTimes = hasTimes
        self.uncertainSteps = uncertainSteps
        self.releases = releases
    }
}

extension Trace {
    /// Reads a recording made with
    /// `strace -f -ttt -e trace=%memory,clone,clone3,fork,vfork,exit_group -o FILE PROGRAM` (or `-p PID`), plain or
    /// gzip; its first bytes decide which. Other flags are taken too: any kind of time or none, `-T`, `-k`, `-i`, `-n`, `-y`,
    /// `-yy`, `-Y`, `-C`, `-q`, colours, `[pid N]` from a terminal, and calls that change no memory.
    ///
    /// The whole file is read and understood before anything is returned. Each invalidation that Linux raises for the
    /// recorded calls is one step; the rules stand in RecordedSpace.swift,
    /// and are those of Linux 6.1. The trace's ``name`` is the file's without
    /// folder, `.gz` and `.strace`. Bounded: 512 MiB of text, 2^24 steps, 2^26 pages of 4 KiB.
    ///
    /// Any thread may call it; it blocks while it reads.
    ///
    /// - Throws: a ``TraceError`` where the file cannot be read, is cut, damaged, out of order or too large, or holds
    ///   no invalidation.
    public init(contentsOf path: String) throws(TraceError) {
        let file = try TraceFile(path: path)
        var lines = TraceLines(path: path)
        try file.read(into: &lines)
        let recording = try lines.finish()
        do throws(LineFault) {
            let events = try KernelEvents(recording)
            let recorded = events.steps
            uncertainSteps = events.uncertainSteps
            releases = events.releases.count
            let numbering = try PageNumbering(recorded)
            steps = recorded.compactMap { step in
                InvalidationRange(pages: numbering.numbers(of: step)).map { range in
                    TraceStep(nanoseconds: step.nanoseconds, event: step.event, range: range)
                }
            }
            pages = numbering.pages
        } catch {
            throw TraceError(file: path, message: error.message)
        }
        name = Self.name(ofFile: path)
        hasTimes = recording.hasTimes
        guard !steps.isEmpty else {
            throw TraceError(
                file: path, message: "the trace holds no invalidation: record a program that unmaps or protects memory")
        }
    }

    /// The name that a recording at `path` gets: the file's without folder, `.gz` and `.strace`. Reads nothing.
    public static func name(ofFile path: String) -> String {
        var name = path.split(separator: "/").last.map(String.init) ?? path
        for suffix in [".gz", ".strace"] where name.hasSuffix(suffix) && name != suffix {
            name.removeLast(suffix.count)
        }
        return name
    }
}
