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
    /// The first line's time, and the last one's, in microseconds.
    private var times: (first: UInt64, last: UInt64)?
    private var lastLine = 0
    private var hasThreadIDs = true
    /// The calls that are unfinished, by thread.
    private var pending: [Int32: Pending] = [:]
    /// The threads that have been seen and have not ended.
    private var running: Set<Int32> = []
    /// Whether strace let go of the program before its end.
    private var isDetached = false

    /// Takes the line with that number. Throws a ``LineFault`` where it cannot follow those before it.
    mutating func append(_ line: StraceLine, number: Int) throws(LineFault) {
        let nanoseconds = try advance(to: line)
        lastLine = number
        let thread = line.thread ?? 0
        recording.threads.insert(thread)
        running.insert(thread)
        if number == 1 { recording.isFromTheStart = Self.asksBreak(line) }
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
        case .signal:
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
        if recording.isFromTheStart, let thread = running.min() {
            throw LateFault(
                line: lastLine,
                message: "the trace stops while thread \(thread) still runs: the file is cut, or strace was killed; "
                    + "copy or record it again")
        }
        return recording
    }

    /// The time of `line` since the first one, in nanoseconds.
    private mutating func advance(to line: StraceLine) throws(LineFault) -> UInt64 {
        guard let times else {
            times = (line.microseconds, line.microseconds)
            hasThreadIDs = line.thread != nil
            return 0
        }
        guard (line.thread != nil) == hasThreadIDs else { throw .notStrace }
        guard line.microseconds >= times.last else {
            throw LineFault("earlier than the line before it: lines are out of order, or the clock was set back")
        }
        self.times = (times.first, line.microseconds)
        return (line.microseconds - times.first) * 1000
    }

    private func requireIdle(_ thread: Int32) throws(LineFault) {
        if let call = pending[thread] {
            throw LineFault(
                "thread \(thread) is still in the \(call.name) of line \(call.line): lines are missing or out of order")
        }
    }

    private static func asksBreak(_ line: StraceLine) -> Bool {
        switch line.content {
        case .call("brk", let arguments, _), .unfinished("brk", let arguments): arguments.elementsEqual("NULL".utf8)
        default: false
        }
    }

    private mutating func end(_ thread: Int32) {
        pending[thread] = nil
        running.remove(thread)
    }

    private mutating func record(_ nanoseconds: UInt64, _ thread: Int32, _ kind: StraceRecording.Kind) {
        recording.records.append(.init(nanoseconds: nanoseconds, thread: thread, kind: kind))
    }

    /// What a call does, `nil` for nothing. A call that failed does nothing; of one without a result (its thread was
    /// killed in it, or will restart it) the same is assumed.
    private static func effect(
        _ name: String, _ arguments: ArraySlice<UInt8>, _ result: StraceLine.CallResult
    ) throws(LineFault) -> MemoryCall? {
        if name == "exit_group" { return .exitGroup }
        guard case .value(let value) = result else { return nil }
        return try MemoryCall.parse(name, arguments, value: value)
    }
}
