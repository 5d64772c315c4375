import Synchronization

/// The counter of open sections in the core, and one install lock.
///
/// The guard itself counts nothing: ``AddressSpace`` raises its ``RangeCounter`` before it calls any subscriber, which
/// is what makes a failed start need no undoing here.
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

    /// The end of the subscription is not asked for here: the check under the lock finds it.
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
        // Relaxed: with the lock held, since it is written with the lock held. Without it, since nothing is read on the
        // strength of it: whoever comes after markDead() reads true, and a fault that meets it may be told either.
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
