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
