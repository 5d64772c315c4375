import Synchronization

/// The counter of open sections in the core, and one install lock: walk without a lock, check under the lock that no
/// section started, retry on a collision; after too many, or too long, shut the invalidations out for one fault.
///
/// The guard itself counts nothing: ``Subscriptions`` raises its ``RangeCounter`` before it calls any subscriber, which
/// is what makes a failed start need no undoing here.
public final class RangeCounterGuard: TranslationGuard {
    public static var isProtected: Bool { true }
    public static var capabilities: SubscriberCapabilities { [] }

    @usableFromInline
    let space: Subscriptions
    @usableFromInline
    let budget: RetryBudget
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
    let installs: CacheLineArray<Install>

    /// A guard for a subscriber of `space`.
    public init(space: Subscriptions, budget: RetryBudget = RetryBudget()) {
        self.space = space
        self.budget = budget
        installs = CacheLineArray(count: 1) { Install() }
    }

    /// Whether the subscription is over: for what is not an install, which asks under the lock.
    @usableFromInline
    var isOver: Bool {
        // Relaxed: nothing is read on the strength of it. Whoever comes after released() reads true, and a fault that
        // meets it may be told either.
        installs[0].pointee.isDead.load(ordering: .relaxed)
    }

    /// The outcome of a walk that found nothing.
    @usableFromInline
    var statusOfNothing: FaultOutcome.Status { isOver ? .dead : .absent }

    @inlinable @inline(__always)
    public func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome {
        let ticket = space.counter.readBegin()
        if ticket.isIdle {
            guard let translation = walk() else { return FaultOutcome(statusOfNothing) }
            let (status, waited) = installUnlessCollided(translation, install, ticket)
            if let status { return FaultOutcome(status, waitedNanoseconds: waited) }
            return faultSlow(collisions: 1, walk: walk, install: install)
        }
        return faultSlow(collisions: 0, walk: walk, install: install)
    }

    @inlinable @inline(never)
    func faultSlow<Translation>(
        collisions soFar: UInt32, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome {
        var retries = FaultRetries(collisions: soFar, budget: budget)
        while retries.mayGoOn, let ticket = space.counter.waitUntilIdle(until: retries.deadline, unless: { isOver }) {
            guard let translation = walk() else { return retries.outcome(statusOfNothing) }
            if let status = installUnlessCollided(translation, install, ticket).status {
                return retries.outcome(status)
            }
            retries.collided()
        }
        if isOver { return retries.outcome(.dead) }
        let status = space.withExclusiveRead(until: retries.fallbackDeadline, unless: { isOver }) {
            () -> FaultOutcome.Status? in
            guard let translation = walk() else { return statusOfNothing }
            // No section can start under the claim, so this ticket holds.
            return installUnlessCollided(translation, install, space.counter.readBegin()).status
        }
        return retries.outcome((status ?? nil) ?? (isOver ? .dead : .busy), usedFallback: true)
    }

    /// The install section; no status where a section started since the ticket.
    @inlinable @inline(__always)
    func installUnlessCollided<Translation>(
        _ translation: Translation, _ install: (Translation) -> Void, _ ticket: RangeCounter.Ticket
    ) -> (status: FaultOutcome.Status?, waited: UInt64) {
        let waited = installs[0].pointee.lock.lock()
        defer { installs[0].pointee.lock.unlock() }
        // Relaxed: written with the lock held, which this thread holds.
        if installs[0].pointee.isDead.load(ordering: .relaxed) { return (.dead, waited) }
        if space.counter.readRetry(ticket) { return (nil, waited) }
        install(translation)
        return (.installed, waited)
    }

    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        installs[0].pointee.lock.lock()
        teardown(invalidation.range)
        installs[0].pointee.lock.unlock()
        return .done
    }

    public func invalidationEnded(_ invalidation: Invalidation) {}

    public func released() {
        installs[0].pointee.lock.lock()
        installs[0].pointee.isDead.store(true, ordering: .relaxed)
        installs[0].pointee.lock.unlock()
    }
}
