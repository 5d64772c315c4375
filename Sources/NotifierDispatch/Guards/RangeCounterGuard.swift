import Synchronization

/// The core's counter of open sections, and one install lock.
///
/// The guard counts nothing. ``AddressSpace`` raises its ``RangeCounter`` before it calls any subscriber, so a failed
/// start leaves nothing to undo here.
public typealias RangeCounterGuard = RetryingGuard<RangeCounterScheme>

extension RetryingGuard where Scheme == RangeCounterScheme {
    /// A guard for a subscriber of `space`.
    public convenience init(space: AddressSpace, budget: RetryBudget = RetryBudget()) {
        self.init(scheme: RangeCounterScheme(space: space), space: space, budget: budget)
    }
}

/// What ``RangeCounterGuard`` adds to the ``RangeCounter`` of a space: the lock of the install section, and whether the
/// subscription is over.
public struct RangeCounterScheme: ~Copyable, SectionObserver, LockingScheme {
    public static var capabilities: SubscriberCapabilities { [] }

    @usableFromInline
    let sections: OpenSections
    @usableFromInline
    struct Install: ~Copyable {
        @usableFromInline
        let lock = SmallLock()
        /// Set once, with the lock held.
        @usableFromInline
        let isDead = Atomic<Bool>(false)
        @usableFromInline
        init() {}
    }
    @usableFromInline
    let installs = CacheLineArray<Install>(count: 1) { Install() }

    init(space: AddressSpace) { sections = space.sections }

    @inlinable @inline(__always)
    var install: UnsafeMutablePointer<Install> { installs[0] }

    /// Does not check whether the subscription is over: the check under the lock does.
    @inlinable @inline(__always)
    public func readBeginIfIdle(at page: Int) -> RangeCounter.Ticket? {
        let ticket = sections.counter.readBegin()
        return ticket.isIdle ? ticket : nil
    }

    @inlinable @inline(__always)
    public func lockForInstall(at page: Int) -> UInt64? { install.pointee.lock.lockForInstall() }

    @inlinable @inline(__always)
    public func unlockForInstall(at page: Int) { install.pointee.lock.unlock() }

    @inlinable @inline(__always)
    public func readRetry(_ ticket: RangeCounter.Ticket, at page: Int) -> Bool {
        isDead(at: page) || sections.counter.readRetry(ticket)
    }

    @inlinable @inline(__always)
    public func isDead(at page: Int) -> Bool {
        // Relaxed: with the lock held, since the writer holds it. Without it, since nothing is read on the strength of
        // the answer: a thread that comes after markDead() reads true, and a fault beside it may read either.
        install.pointee.isDead.load(ordering: .relaxed)
    }

    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        install.pointee.lock.lockForSection()
        teardown(invalidation.range)
        install.pointee.lock.unlock()
        return .done
    }

    public func invalidationEnded(_ invalidation: Invalidation) {}

    /// The counter is the space's, which resets it.
    public func resetAfterFork() { install.pointee.lock.resetAfterFork() }

    public func markDead() {
        install.pointee.lock.lockForSection()
        install.pointee.isDead.store(true, ordering: .relaxed)
        install.pointee.lock.unlock()
    }
}
