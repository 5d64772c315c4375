/// How a fault of a ``RetryingGuard`` finds out that an invalidation started during its walk.
///
/// A reader begins and gets a ticket, walks, takes the lock of the install section, and asks whether to retry. Every
/// start tears down with the same lock held against installs, so that one of the two sees the other.
///
/// All calls of a reader take the page of the fault: a scheme may have a lock or a sequence for each part of the space.
public protocol RetryScheme: ~Copyable, Sendable {
    /// What a reader holds between begin and retry.
    associatedtype Ticket: Sendable

    /// Begins a read, and never waits: `nil` where it would have to, or where the subscription is over.
    func readBeginIfIdle(at page: Int) -> Ticket?

    /// Begins a read, waiting until the deadline for the sections that keep it out. Answers `dead` at once where the
    /// subscription is over, and no later than that where it ends meanwhile.
    func readBegin(at page: Int, until deadline: Deadline) -> ReadBegin<Ticket>

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

    /// Whether the subscription is over. With the lock of the install section held, the answer stays right until it is
    /// given back.
    func isOver(at page: Int) -> Bool

    /// Subscribes a cache whose guard uses this scheme; see ``TranslationGuard/subscribe(_:over:to:)``.
    func subscribe<Cache: TranslationCache>(
        _ cache: Cache, over range: InvalidationRange, to space: Subscriptions
    ) throws(RegistrationError) -> CacheSubscription where Cache.Guard == RetryingGuard<Self>

    /// The subscription is over: once this returns, every check under the lock says retry.
    func released()
}

extension RetryScheme where Self: ~Copyable {
    /// No check before the lock.
    @inlinable @inline(__always)
    public func checkRetry(_ ticket: Ticket, at page: Int) -> Bool { false }
}
