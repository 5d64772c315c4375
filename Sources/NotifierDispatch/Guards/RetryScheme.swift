import Synchronization

/// How a fault of a ``RetryingGuard`` finds out that an invalidation started during its walk.
///
/// A reader begins and gets a ticket, walks, and hands the ticket in to begin its install section. Every start tears
/// down in a way that keeps installs out: either the reader sees the start, or the teardown finds the install.
///
/// All calls of a reader take the page of the fault: a scheme may have a lock or a sequence for each part of the space.
public protocol RetryScheme: ~Copyable, Sendable {
    /// What a reader holds between begin and retry: words, which a caller without closures may keep as such.
    associatedtype Ticket: Sendable, BitwiseCopyable

    /// The scheme takes page numbers below this; `Int.max` if it takes any.
    var pages: Int { get }

    /// The pages whose sections keep a fault of this page out, this page among them. A fault in the fallback asks
    /// starts over these pages to hold back.
    func contestedRange(at page: Int) -> InvalidationRange

    /// The pages that one check covers, this page among them: what starts over one of them before the check is found by it.
    /// The check may have to be told of them, as in ``beginInstall(_:over:)``.
    func checkedRange(at page: Int) -> InvalidationRange

    /// Begins a read, and never waits: returns `nil` if it would have to. If the subscription is over, it returns
    /// `nil`, or a ticket that ``beginInstall(_:at:)`` refuses.
    func readBeginIfIdle(at page: Int) -> Ticket?

    /// Begins a read, and waits until the deadline for the sections that keep it out. If the subscription is over, it
    /// answers `dead` at once; if the subscription ends meanwhile, the wait ends too.
    func readBegin(at page: Int, until deadline: Deadline) -> ReadBegin<Ticket>

    /// Begins the install section. A start over the page that has not torn down yet waits for the end of the install
    /// section, and then removes what was installed. Returns the wait in nanoseconds, 0 for none; `nil` if the walk
    /// must be thrown away: a section may have started since the ticket, the subscription is over, or a lock could not
    /// be had for a while.
    func beginInstall(_ ticket: Ticket, at page: Int) -> UInt64?

    /// The same for the installs of a range inside of ``checkedRange(at:)`` of the ticket's page.
    func beginInstall(_ ticket: Ticket, over range: InvalidationRange) -> UInt64?

    /// Ends the install section that ``beginInstall(_:at:)`` began with this ticket, or that over a range that begins with
    /// the page, on the same thread.
    func endInstall(_ ticket: Ticket, at page: Int)

    /// A whole install section that stores a translation of one word in `slot`, releasing. Returns what
    /// ``beginInstall(_:at:)`` does.
    func install(
        _ translation: UInt64, into slot: UnsafeMutablePointer<Atomic<UInt64>>, _ ticket: Ticket, at page: Int
    ) -> UInt64?

    /// Whether the walk of this ticket is in vain already. A hint, without a lock: after `false` the check of
    /// ``beginInstall(_:at:)`` decides.
    func hasCollided(_ ticket: Ticket, at page: Int) -> Bool

    /// Whether the subscription is over; `true` once ``markDead()`` has returned.
    func isDead(at page: Int) -> Bool

    /// Subscribes a cache whose guard uses this scheme; see ``TranslationGuard/subscribe(_:over:to:)``.
    func subscribe<Cache: TranslationCache>(
        _ cache: Cache, over range: InvalidationRange, to space: AddressSpace
    ) throws(RegistrationError) -> CacheSubscription where Cache.Guard == RetryingGuard<Self>

    /// Ends the subscription: after the return no install section is open and none begins.
    func markDead()

    /// In a forked child: see ``TranslationGuard/resetAfterFork()``.
    func resetAfterFork()
}

extension RetryScheme where Self: ~Copyable {
    /// Any.
    public var pages: Int { .max }

    /// All pages: right for a scheme that cannot tell them apart.
    public func contestedRange(at page: Int) -> InvalidationRange { .everything }

    /// The pages whose sections keep a fault of this page out.
    @inlinable @inline(__always)
    public func checkedRange(at page: Int) -> InvalidationRange { contestedRange(at: page) }

    /// As for the first page: right for a scheme that checks all of ``checkedRange(at:)`` in any case.
    @inlinable @inline(__always)
    public func beginInstall(_ ticket: Ticket, over range: InvalidationRange) -> UInt64? {
        beginInstall(ticket, at: range.startPage)
    }

    /// Stores it between begin and end.
    @inlinable @inline(__always)
    public func install(
        _ translation: UInt64, into slot: UnsafeMutablePointer<Atomic<UInt64>>, _ ticket: Ticket, at page: Int
    ) -> UInt64? {
        guard let waited = beginInstall(ticket, at: page) else { return nil }
        slot.pointee.store(translation, ordering: .releasing)
        endInstall(ticket, at: page)
        return waited
    }

    /// Looks again and again; between looks it spins, then yields, then sleeps. For schemes that wake no readers.
    @inlinable
    public func readBegin(at page: Int, until deadline: Deadline) -> ReadBegin<Ticket> {
        SmallLock.assertNoneHeld()
        var backoff = Backoff()
        while !isDead(at: page) {
            if let ticket = readBeginIfIdle(at: page) { return .ticket(ticket) }
            if deadline.hasPassed { return .busy }
            backoff.pause()
        }
        return .dead
    }
}

/// A scheme that guards its install section with a lock: every start tears down with the lock held against installs,
/// and the check that decides is made under it.
public protocol LockingScheme: ~Copyable, RetryScheme {
    /// Whether to throw the walk away before any lock is taken. A hint: after `false` the check under the lock always
    /// follows (invariant 32).
    func checkRetry(_ ticket: Ticket, at page: Int) -> Bool

    /// Takes the lock of the install section. Returns the wait in nanoseconds, 0 for none; `nil` if the lock could not
    /// be had for a while, which counts as a collision.
    func lockForInstall(at page: Int) -> UInt64?

    /// Gives back what ``lockForInstall(at:)`` took, on the same thread.
    func unlockForInstall(at page: Int)

    /// Whether the walk must be thrown away, also because the subscription is over. The caller holds the lock of the
    /// install section.
    func readRetry(_ ticket: Ticket, at page: Int) -> Bool
}

extension LockingScheme where Self: ~Copyable {
    /// Asks ``readRetry(_:at:)``, which is a hint without the lock.
    @inlinable
    public func hasCollided(_ ticket: Ticket, at page: Int) -> Bool { readRetry(ticket, at: page) }

    /// No check before the lock.
    @inlinable @inline(__always)
    public func checkRetry(_ ticket: Ticket, at page: Int) -> Bool { false }

    /// Checks, takes the lock, and checks again.
    @inlinable @inline(__always)
    public func beginInstall(_ ticket: Ticket, at page: Int) -> UInt64? {
        beginLocked(at: page, unless: checkRetry(ticket, at: page)) { readRetry(ticket, at: page) }
    }

    /// Takes the lock and checks, unless an earlier check has found a collision.
    @inlinable @inline(__always)
    func beginLocked(at page: Int, unless hasCollided: Bool, readRetry: () -> Bool) -> UInt64? {
        if hasCollided { return nil }
        guard let waited = lockForInstall(at: page) else { return nil }
        guard !readRetry() else {
            unlockForInstall(at: page)
            return nil
        }
        InstallSection.enter()
        return waited
    }

    /// Gives the lock back.
    @inlinable @inline(__always)
    public func endInstall(_ ticket: Ticket, at page: Int) {
        InstallSection.leave()
        unlockForInstall(at: page)
    }
}

extension RetryScheme where Self: SectionObserver & ~Copyable {
    /// Subscribes in the notifier list.
    @inlinable
    public func subscribe<Cache: TranslationCache>(
        _ cache: Cache, over range: InvalidationRange, to space: AddressSpace
    ) throws(RegistrationError) -> CacheSubscription where Cache.Guard == RetryingGuard<Self> {
        try space.register(CacheSubscriber(cache, guard: cache.guard, over: range))
    }
}
