/// How a fault of a ``RetryingGuard`` finds out that an invalidation started during its walk.
///
/// A reader begins and gets a ticket, walks, and hands the ticket in to begin its install section. Every start tears down
/// in a way that keeps installs out, so that one of the two sees the other.
///
/// All calls of a reader take the page of the fault: a scheme may have a lock or a sequence for each part of the space.
public protocol RetryScheme: ~Copyable, Sendable {
    /// What a reader holds between begin and retry.
    associatedtype Ticket: Sendable

    /// The pages that it can guard have numbers below this; `Int.max` if it takes any.
    var pages: Int { get }

    /// The pages whose sections keep a fault of this page out, its own among them: those that a fault in the fallback
    /// asks to hold back.
    func contestedRange(at page: Int) -> InvalidationRange

    /// Begins a read, and never waits: `nil` where it would have to, or where the subscription is over.
    func readBeginIfIdle(at page: Int) -> Ticket?

    /// Begins a read, waiting until the deadline for the sections that keep it out. Answers `dead` at once where the
    /// subscription is over, and no later than that where it ends meanwhile.
    func readBegin(at page: Int, until deadline: Deadline) -> ReadBegin<Ticket>

    /// Begins the install section: from here to its end either no start of the page's sections returns, or the start
    /// removes what is installed. `nil` where the walk must be thrown away: a section of the page started since the
    /// ticket, or the subscription is over. Otherwise the wait in nanoseconds, 0 for none.
    func beginInstall(_ ticket: Ticket, at page: Int) -> UInt64?

    /// Ends the install section that ``beginInstall(_:at:)`` began with this ticket, on the same thread.
    func endInstall(_ ticket: Ticket, at page: Int)

    /// Whether the subscription is over: a fault that asks after ``markDead()`` has returned hears so.
    func isDead(at page: Int) -> Bool

    /// Subscribes a cache whose guard uses this scheme; see ``TranslationGuard/subscribe(_:over:to:)``.
    func subscribe<Cache: TranslationCache>(
        _ cache: Cache, over range: InvalidationRange, to space: AddressSpace
    ) throws(RegistrationError) -> CacheSubscription where Cache.Guard == RetryingGuard<Self>

    /// The subscription is over: once this returns, no install section is open and none begins.
    func markDead()

    /// In a forked child: see ``TranslationGuard/resetAfterFork()``.
    func resetAfterFork()
}

extension RetryScheme where Self: ~Copyable {
    /// Any.
    public var pages: Int { .max }

    /// All of them: right for a scheme that cannot tell pages apart.
    public func contestedRange(at page: Int) -> InvalidationRange { .everything }

    /// Looks again and again, spinning and then yielding: for schemes that nobody wakes.
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

/// A scheme whose install section is held together by a lock: every start tears down with it held against installs, and
/// the check that decides is made under it.
public protocol LockingScheme: ~Copyable, RetryScheme {
    /// Whether to throw the walk away before any lock is taken. A hint: `false` is always followed by the check under
    /// the lock (invariant 32).
    func checkRetry(_ ticket: Ticket, at page: Int) -> Bool

    /// Takes the lock of the install section. Returns the wait in nanoseconds, 0 for none; `nil` if the lock could not be
    /// had for a while, which counts as a collision.
    func lockForInstall(at page: Int) -> UInt64?

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
        guard let waited = lockForInstall(at: page) else { return nil }
        guard !readRetry(ticket, at: page) else {
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
