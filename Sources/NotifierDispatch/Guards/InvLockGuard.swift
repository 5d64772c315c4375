/// The invlock as a guard: count and sequence of the open sections, both of the subscriber, and a lock for installs.
public typealias InvLockGuard = RetryingGuard<InvLock>

extension RetryingGuard where Scheme == InvLock {
    /// A guard for a subscriber of `space`.
    public convenience init(space: Subscriptions, budget: RetryBudget = RetryBudget()) {
        self.init(scheme: InvLock(space: space), space: space, budget: budget)
    }
}

/// A reader cares for all pages: one that gave its page would have to take the lock to begin beside an open section.
extension InvLock: ListedScheme, LockingScheme {
    public static var capabilities: SubscriberCapabilities { .receivesEnd }

    @inlinable @inline(__always)
    public func readBeginIfIdle(at page: Int) -> Ticket? { readBeginIfIdle() }

    public func readBegin(at page: Int, until deadline: Deadline) -> ReadBegin<Ticket> { readBegin(until: deadline) }

    @inlinable @inline(__always)
    public func lockForInstall(at page: Int) -> UInt64 { lock() }

    @inlinable @inline(__always)
    public func unlockForInstall(at page: Int) { unlock() }

    @inlinable @inline(__always)
    public func readRetry(_ ticket: Ticket, at page: Int) -> Bool { readRetry(ticket) }

    @inlinable
    public func isOver(at page: Int) -> Bool { isTornDown }

    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        invalidationStarted(invalidation.range, teardown: teardown)
        return .done
    }

    public func invalidationEnded(_ invalidation: Invalidation) { invalidationEnded(invalidation.range) }

    public func released() { tearDown() }
}
