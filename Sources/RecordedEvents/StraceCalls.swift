/// What the lines of a trace say, in their order: the calls that matter, and the ends of threads.
struct StraceRecording {
    struct Record {
        /// Since the first line.
        let nanoseconds: UInt64
        let thread: Int32
        var kind: Kind
    }

    enum Kind {
        /// A call begins and nothing comes between: it ends here too.
        case whole(MemoryCall)
        /// A call begins; `nil` where it turned out to change nothing.
        case begun(MemoryCall?)
        /// The call begun at that record ends.
        case ended(begun: Int)
        case threadEnded
        /// Thread `by` of the same process goes by this thread's id from here on, in a fresh image.
        case superseded(by: Int32)
    }

    var records: [Record] = []
    /// Every thread that a line is about.
    var threads: Set<Int32> = []
    /// Whether strace started the program, so that the trace begins with its first call: the dynamic loader and the C
    /// library ask for the break before all else. Otherwise strace was attached to a process that ran already.
    var isFromTheStart = false
    /// Whether the lines say when they were written.
    var hasTimes = false
}

/// Joins the lines of a trace into calls, and refuses what strace cannot have written in this order.
///
/// Owned and used by one thread; takes lines one by one, and holds what matters of them.
struct StraceCalls {
    /// A fault that only the end of the trace shows.
    struct LateFault: Error {
        let line: Int
        let message: String
    }

    private struct Pending {
        let name: String
        let arguments: [UInt8]
        let line: Int
        let record: Int
    }

    private var recording = StraceRecording()
    private var clock = RecordedClock()
    private var threads = RecordedThreads()
    private var lastLine = 0
    /// Whether a call that is followed was seen, so that it is known what the program began with.
    private var hasBegun = false
    /// The calls that are unfinished, by thread.
    private var pending: [Int32: Pending] = [:]
    /// The threads that have been seen and have not ended.
    private var running: Set<Int32> = []
    /// Whether strace let go of the program before its end.
    private var isDetached = false

    /// Whether no line has been taken yet.
    var isEmpty: Bool { lastLine == 0 }

    /// Takes the line with that number. Throws a ``LineFault`` where it cannot follow those before it.
    mutating func append(_ line: StraceLine, number: Int) throws(LineFault) {
        let nanoseconds = try clock.advance(to: line.time)
        recording.hasTimes = clock.hasTimes
        lastLine = number
        let thread = try threads.number(of: line.column)
        recording.threads.insert(thread)
        running.insert(thread)
        if !hasBegun, let isFromTheStart = Self.begins(line) {
            hasBegun = true
            recording.isFromTheStart = isFromTheStart
        }
        switch line.content {
        case .call(let name, let arguments, let result):
            try requireIdle(thread)
            if let call = try Self.effect(name, arguments, result) {
                record(nanoseconds, thread, .whole(call))
            }
        case .unfinished(let name, let arguments):
            try requireIdle(thread)
            pending[thread] = Pending(
                name: name, arguments: Array(arguments), line: number, record: recording.records.count)
            record(nanoseconds, thread, .begun(name == "exit_group" ? .exitGroup : nil))
        case .resumed(let name, let arguments, let result):
            guard let begun = pending.removeValue(forKey: thread) else {
                throw LineFault("a resumed call that did not begin before: lines are missing or out of order")
            }
            guard begun.name == name else {
                throw LineFault(
                    "resumes another call than \(begun.name), which this thread began in line \(begun.line)")
            }
            guard let call = try Self.effect(name, (begun.arguments + arguments)[...], result) else { return }
            recording.records[begun.record].kind = .begun(call)
            record(nanoseconds, thread, .ended(begun: begun.record))
        case .detached:
            isDetached = true
        case .passedOver:
            break
        case .threadEnded:
            end(thread)
            record(nanoseconds, thread, .threadEnded)
        case .superseded(let other):
            end(other)
            pending[thread] = nil
            record(nanoseconds, thread, .superseded(by: other))
        }
    }

    /// A message of strace's own: it has begun to follow that thread.
    mutating func attached(_ thread: Int32) { threads.attached(thread) }

    /// Says that the trace has ended. Throws a ``LateFault`` where strace would not have ended it here.
    consuming func finish() throws(LateFault) -> StraceRecording {
        guard !isDetached else { return recording }
        let unfinished = pending.filter { $0.value.name != "exit_group" }
        if let first = unfinished.min(by: { $0.value.line < $1.value.line }) {
            throw LateFault(
                line: first.value.line,
                message: "\(first.value.name) of thread \(first.key) is never resumed, and the thread does not end: "
                    + "the file is cut; copy or record it again")
        }
        if recording.isFromTheStart, !endsQuietly, let thread = running.min() {
            throw LateFault(
                line: lastLine,
                message: "the trace stops while thread \(thread) still runs: the file is cut, or strace was killed; "
                    + "copy or record it again")
        }
        return recording
    }

    /// Whether the program has left, and no line says that a thread is gone: strace may be told to leave those out (`-qq`).
    private var endsQuietly: Bool {
        var hasLeft = false
        for record in recording.records {
            switch record.kind {
            case .threadEnded: return false
            case .whole(.exitGroup), .begun(.exitGroup): hasLeft = true
            default: break
            }
        }
        return hasLeft
    }

    private func requireIdle(_ thread: Int32) throws(LineFault) {
        if let call = pending[thread] {
            throw LineFault(
                "thread \(thread) is still in the \(call.name) of line \(call.line): lines are missing or out of order")
        }
    }

    /// Whether the line is that of a program's beginning; `nil` if it does not say.
    private static func begins(_ line: StraceLine) -> Bool? {
        switch line.content {
        case .passedOver("execve"): true
        case .call("brk", let arguments, _), .unfinished("brk", let arguments): arguments.elementsEqual("NULL".utf8)
        case .call, .unfinished: false
        default: nil
        }
    }

    private mutating func end(_ thread: Int32) {
        pending[thread] = nil
        running.remove(thread)
    }

    private mutating func record(_ nanoseconds: UInt64, _ thread: Int32, _ kind: StraceRecording.Kind) {
        recording.records.append(.init(nanoseconds: nanoseconds, thread: thread, kind: kind))
    }

    /// What a call does, `nil` for nothing. Of one without a result (its thread was killed in it, or will restart it) that
    /// is assumed.
    private static func effect(
        _ name: String, _ arguments: ArraySlice<UInt8>, _ result: StraceLine.CallResult
    ) throws(LineFault) -> MemoryCall? {
        if name == "exit_group" { return .exitGroup }
        switch result {
        case .value(let value): return try MemoryCall.parse(name, arguments, value: value)
        case .failed(let error): return MemoryCall.parse(name, arguments, error: error)
        case .unknown: return nil
        }
    }
}

/// The time of a recording's lines since the first one, whatever flag strace wrote them with.
struct RecordedClock {
    private enum Kind: Equatable {
        case sinceEpoch, ofDay, sinceLast, none
    }

    private static let day: UInt64 = 86_400 * 1_000_000_000
    private var kind: Kind?
    /// The last line's time as it was written, and since the first one.
    private var last: UInt64 = 0
    private var elapsed: UInt64 = 0

    /// Whether lines have times; `false` before the first line.
    var hasTimes: Bool { kind != nil && kind != Kind.none }

    /// The time of the next line since the first one, in nanoseconds. Throws a ``LineFault`` if it is earlier than the line
    /// before, or its time is of another kind.
    mutating func advance(to time: StraceLine.Time) throws(LineFault) -> UInt64 {
        let (kind, value): (Kind, UInt64) =
            switch time {
            case .sinceEpoch(let value): (.sinceEpoch, value)
            case .ofDay(let value): (.ofDay, value)
            case .sinceLast(let value): (.sinceLast, value)
            case .none: (.none, 0)
            }
        defer { last = value }
        guard let first = self.kind else {
            self.kind = kind
            return 0
        }
        guard kind == first else { throw .notStrace }
        var step: UInt64
        switch kind {
        case .none: step = 0
        case .sinceLast: step = value
        case .sinceEpoch, .ofDay:
            step = value &- last
            if value < last {
                // Midnight, unless it is far from one day to the next.
                guard kind == .ofDay, last - value > Self.day / 2 else {
                    throw LineFault(
                        "earlier than the line before it: lines are out of order, or the clock was set back")
                }
                step = value + Self.day - last
            }
        }
        let (sum, overflows) = elapsed.addingReportingOverflow(step)
        guard !overflows else { throw .notStrace }
        elapsed = sum
        return elapsed
    }
}

/// Which thread a recording's lines are about, whether they have a column for it or not.
///
/// On a terminal, strace writes the column only while there are several threads. A line without it is then the main
/// thread's, which has the number 0 here, whatever its id.
struct RecordedThreads {
    private enum Layout {
        case unknown, file, withoutColumn, terminal
    }

    private var layout = Layout.unknown
    /// Those that strace said it follows, since another thread made them.
    private var children: Set<Int32> = []
    private var main: Int32?

    /// The number of the thread that a line is about. Throws a ``LineFault`` if the line has another column than those before
    /// it.
    mutating func number(of column: StraceLine.Column) throws(LineFault) -> Int32 {
        switch (column, layout) {
        case (.file(let thread), .unknown), (.file(let thread), .file):
            layout = .file
            return thread
        case (.none, .unknown), (.none, .withoutColumn):
            layout = .withoutColumn
            return 0
        case (.none, .terminal):
            return 0
        case (.terminal(let thread), .unknown), (.terminal(let thread), .withoutColumn),
            (.terminal(let thread), .terminal):
            layout = .terminal
            if !children.contains(thread), main == nil { main = thread }
            return thread == main ? 0 : thread
        default: throw .notStrace
        }
    }

    /// strace has begun to follow a thread. One before any line is the main thread of a process that ran already.
    mutating func attached(_ thread: Int32) {
        if layout == .unknown, main == nil { main = thread } else { children.insert(thread) }
    }
}
