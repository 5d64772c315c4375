/// Where one thread may run.
public struct Place: Hashable, Sendable {
    /// Linux's numbers of the hardware threads among which the scheduler may choose; empty where it is not bound.
    public let threads: [Int]

    /// Any of these.
    public init(_ threads: [Int]) { self.threads = threads }

    /// Wherever the kernel puts it.
    public static let anywhere = Place([])
}
