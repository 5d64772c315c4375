/// A scheme whose install section is held together by a lock: every start tears down with it held against installs, and
/// the check that decides is made under it.
public protocol LockingScheme: ~Copyable, RetryScheme {
    /// Whether to throw the walk away before any lock is taken. A hint: `false` is always followed by the check under
    /// the lock (invariant 32).
    func checkRetry(_ ticket: Ticket, at page: Int) -> Bool

    /// Takes the lock of the install section. Returns the wait in nanoseconds, 0 for none.
    func lockForInstall(at page: Int) -> UInt64

    /// Gives back what ``lockForInstall(at:)`` took, on the same thread.
    func unlockForInstall(at page: Int)

    /// Whether the walk must be thrown away: also where the subscription is over. To be asked with the lock of the
    /// install section held.
    func readRetry(_ ticket: Ticket, at page: Int) -> Bool
}

extension LockingScheme where Self: ~Copyable {
    /// No check before the lock.
    @inlinable @inline(__always)
    public func checkRetry(_ ticket: Ticket, at page: Int) -> Bool { false }

    /// Checks, takes the lock, and checks again.
    @inlinable @inline(__always)
    public func beginInstall(_ ticket: Ticket, at page: Int) -> UInt64? {
        if checkRetry(ticket, at: page) { return nil }
        let waited = lockForInstall(at: page)
        guard !readRetry(ticket, at: page) else {
            unlockForInstall(at: page)
            return nil
        }
        return waited
    }

    /// Gives the lock back.
    @inlinable @inline(__always)
    public func endInstall(_ ticket: Ticket, at page: Int) { unlockForInstall(at: page) }
}
