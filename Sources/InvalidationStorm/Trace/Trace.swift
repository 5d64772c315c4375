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
}
