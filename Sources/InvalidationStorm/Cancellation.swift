import Synchronization

/// A flag that ends a running repetition early. Any thread, and a signal handler, may raise it.
public final class Cancellation: Sendable {
    private let raised = Atomic<Bool>(false)

    /// A flag that is not raised.
    public init() {}

    /// Asks the running repetition, and every later one, to stop.
    public func raise() {
        // Relaxed: the flag carries no data, it only has to be seen soon.
        raised.store(true, ordering: .relaxed)
    }

    /// Whether ``raise()`` was called.
    public var isRaised: Bool { raised.load(ordering: .relaxed) }
}
