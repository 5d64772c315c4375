/// A guard whose faults walk without a lock and find out at the install section whether an invalidation came between; on
/// a collision they walk again. After too many, or too long, a fault shuts the invalidations of the space out and walks
/// undisturbed.
///
/// The scheme says how a collision is found; what a fault does about it is the same for all schemes:
///
///     begin -> ticket; walk; hand the ticket in: collided? again : install; end
public final class RetryingGuard<Scheme: RetryScheme & ~Copyable>: TranslationGuard {
    public static var isProtected: Bool { true }

    /// Held, so that the exclusive gate outlives every fault.
    @usableFromInline
    let space: AddressSpace
    @usableFromInline
    let budget: RetryBudget
    @usableFromInline
    let scheme: Scheme

    /// A guard that finds collisions by `scheme`, for a subscriber of `space`.
    public init(scheme: consuming Scheme, space: AddressSpace, budget: RetryBudget) {
        self.space = space
        self.budget = budget
        self.scheme = scheme
    }

    @inlinable @inline(__always)
    public func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome {
        guard let ticket = scheme.readBeginIfIdle(at: page) else {
            return faultSlow(at: page, collisions: 0, walk: walk, install: install)
        }
        guard let translation = walk() else { return FaultOutcome(statusOfNothing(at: page)) }
        guard let waited = installUnlessCollided(translation, at: page, install, ticket) else {
            return faultSlow(at: page, collisions: 1, walk: walk, install: install)
        }
        return FaultOutcome(.installed, waitedNanoseconds: waited)
    }

    @inlinable @inline(never)
    func faultSlow<Translation>(
        at page: Int, collisions soFar: UInt32, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome {
        var retries = FaultRetries(collisions: soFar, budget: budget)
        attempts: while retries.mayGoOn {
            switch scheme.readBegin(at: page, until: retries.deadline) {
            case .dead: return retries.outcome(.dead)
            case .busy: break attempts
            case .ticket(let ticket):
                guard let translation = walk() else { return retries.outcome(statusOfNothing(at: page)) }
                if installUnlessCollided(translation, at: page, install, ticket) != nil {
                    return retries.outcome(.installed)
                }
                retries.collided()
            }
        }
        if scheme.isDead(at: page) { return retries.outcome(.dead) }
        let status = space.withExclusiveRead(until: retries.fallbackDeadline, unless: { scheme.isDead(at: page) }) {
            installUndisturbed(at: page, walk, install)
        }
        return retries.outcome(status ?? (scheme.isDead(at: page) ? .dead : .busy), usedFallback: true)
    }

    /// The outcome of a walk that found nothing.
    @inlinable
    func statusOfNothing(at page: Int) -> FaultOutcome.Status { scheme.isDead(at: page) ? .dead : .absent }

    /// The install section. Returns how long it was waited for, or `nil` where the walk must be thrown away.
    @inlinable @inline(__always)
    func installUnlessCollided<Translation>(
        _ translation: Translation, at page: Int, _ install: (Translation) -> Void, _ ticket: Scheme.Ticket
    ) -> UInt64? {
        guard let waited = scheme.beginInstall(ticket, at: page) else { return nil }
        install(translation)
        scheme.endInstall(ticket, at: page)
        return waited
    }

    /// Walk and install of the fallback, which no section disturbs: none is open, and none can start. A ticket is void
    /// only where the subscription ends meanwhile, or other faults change how they share the stripe.
    @inlinable
    func installUndisturbed<Translation>(
        at page: Int, _ walk: () -> Translation?, _ install: (Translation) -> Void
    ) -> FaultOutcome.Status {
        while !scheme.isDead(at: page), let ticket = scheme.readBeginIfIdle(at: page) {
            guard let translation = walk() else { return statusOfNothing(at: page) }
            if installUnlessCollided(translation, at: page, install, ticket) != nil { return .installed }
        }
        return .dead
    }

    @inlinable
    public func subscribe<Cache: TranslationCache>(
        _ cache: Cache, over range: InvalidationRange, to space: AddressSpace
    ) throws(RegistrationError) -> CacheSubscription where Cache.Guard == RetryingGuard<Scheme> {
        precondition(space === self.space, "a guard was made for another space than its cache is registered in")
        return try scheme.subscribe(cache, over: range, to: space)
    }

    public func markDead() { scheme.markDead() }
}

/// A fault that could not go straight through: what it has spent so far of its ``RetryBudget``.
///
/// The budget bounds both what makes a fault wait and what makes it walk again (invariant 34): a point in time, the same
/// for all its waits, and a number of collisions.
@usableFromInline
struct FaultRetries {
    private let startNanoseconds: UInt64
    /// When the optimistic attempts end.
    @usableFromInline
    let deadline: Deadline
    private let budget: RetryBudget
    private var collisions: UInt32

    /// Begins the slow path of a fault that has collided so often on its fast path.
    @usableFromInline
    init(collisions: UInt32, budget: RetryBudget) {
        startNanoseconds = MonotonicClock.now()
        deadline = Deadline.after(nanoseconds: budget.nanoseconds)
        self.budget = budget
        self.collisions = collisions
    }

    /// Whether another optimistic attempt is allowed.
    @usableFromInline
    var mayGoOn: Bool { collisions < budget.collisions && !deadline.hasPassed }

    /// Counts a walk that was thrown away.
    @usableFromInline
    mutating func collided() { collisions += 1 }

    /// How long the fallback may take from now on.
    @usableFromInline
    var fallbackDeadline: Deadline { .after(nanoseconds: budget.fallbackNanoseconds) }

    /// The fault's outcome, with all that it has spent.
    @usableFromInline
    func outcome(_ status: FaultOutcome.Status, usedFallback: Bool = false) -> FaultOutcome {
        FaultOutcome(
            status, waitedNanoseconds: max(1, MonotonicClock.now() &- startNanoseconds), retries: collisions,
            usedFallback: usedFallback)
    }
}
