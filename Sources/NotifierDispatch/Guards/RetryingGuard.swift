import CPlatform
import Synchronization

/// A guard whose faults walk without a lock, and find out at the install section whether an invalidation came between.
/// After a collision a fault walks again. After too many collisions, or too long, it asks the invalidations of its
/// pages to hold back (`LeaseGate`), and goes on trying until its deadline.
///
/// The scheme says how a collision is found. What a fault does about it is the same for all schemes, and a fault in the
/// fallback validates its ticket like any other:
///
///     begin -> ticket; walk; hand the ticket in: collided? again : install; end
///
/// A walk may sleep, may take locks that the driver holds around sections, and may invalidate. If it invalidates pages
/// that its own ticket covers each time, the fault answers ``FaultOutcome/Status/busy``. An install must not invalidate
/// and must not fault. Both trap, but an install without a lock (``AsymmetricScheme``, ``AdaptiveScheme``) does not
/// find every case.
public final class RetryingGuard<Scheme: RetryScheme & ~Copyable>: TranslationGuard {
    public static var isProtected: Bool { true }

    /// The open sections of the space that the guard was made for.
    @usableFromInline
    let sections: OpenSections
    @usableFromInline
    let budget: RetryBudget
    @usableFromInline
    let scheme: Scheme
    public let registration = GuardRegistration()

    /// A guard that finds collisions by `scheme`, for a cache of `space`.
    public init(scheme: consuming Scheme, space: AddressSpace, budget: RetryBudget) {
        sections = space.sections
        self.budget = budget
        self.scheme = scheme
    }

    public var pages: Int { scheme.pages }

    @inlinable @inline(__always)
    public func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome {
        fault(at: page, walk: walk) { installUnlessCollided($0, at: page, install, $1) }
    }

    @inlinable @inline(__always)
    public func fault(at page: Int, walk: () -> UInt64?, into slot: UnsafeMutablePointer<Atomic<UInt64>>)
        -> FaultOutcome
    {
        fault(at: page, walk: walk) { scheme.install($0, into: slot, $1, at: page) }
    }

    /// `installSection` returns the wait for it in nanoseconds, or `nil` if the walk must be thrown away.
    @inlinable @inline(__always)
    func fault<Translation>(
        at page: Int, walk: () -> Translation?, installSection: (Translation, Scheme.Ticket) -> UInt64?
    ) -> FaultOutcome {
        var collisions: UInt32 = 0
        if let ticket = scheme.readBeginIfIdle(at: page) {
            guard let translation = walk() else { return FaultOutcome(statusOfNothing(at: page)) }
            if let waited = installSection(translation, ticket) {
                return FaultOutcome(.installed, waitedNanoseconds: waited)
            }
            collisions = 1
        }
        return retry(at: page, collisions: collisions, walk: walk, installSection: installSection)
    }

    /// Goes on with a fault that could not go straight through.
    ///
    /// Inlined, although it is slow: a closure that is handed to a function has to be written down with all that it holds,
    /// and each fault would do so, also one that goes straight through. What waits is apart, and takes no closure.
    @inlinable @inline(__always)
    func retry<Translation>(
        at page: Int, collisions: UInt32, walk: () -> Translation?,
        installSection: (Translation, Scheme.Ticket) -> UInt64?
    ) -> FaultOutcome {
        var retries = FaultRetries(collisions: collisions, budget: budget)
        while let ticket = nextTicket(at: page, &retries) {
            guard let translation = walk() else {
                retries.status = statusOfNothing(at: page)
                break
            }
            if installSection(translation, ticket) != nil {
                retries.status = .installed
                break
            }
            retries.collided()
        }
        return end(retries)
    }

    /// Waits until the fault may walk again. Returns `nil` if it is over, with its status in `retries`: the subscription has
    /// ended, or the budget is spent.
    @inlinable @inline(never)
    func nextTicket(at page: Int, _ retries: inout FaultRetries) -> Scheme.Ticket? {
        while true {
            if retries.mayGoOn {
                switch scheme.readBegin(at: page, until: retries.deadline) {
                case .ticket(let ticket): return ticket
                case .dead:
                    retries.status = .dead
                    return nil
                case .busy: break
                }
            } else if scheme.isDead(at: page) {
                retries.status = .dead
                return nil
            }
            if retries.isFallback { return nil }
            retries.fallBack(claim: sections.gate.claim(scheme.contestedRange(at: page)))
        }
    }

    @inlinable @inline(never)
    func end(_ retries: FaultRetries) -> FaultOutcome {
        if retries.isFallback { sections.gate.giveBack(retries.claim) }
        return retries.outcome
    }

    @inlinable
    func statusOfNothing(at page: Int) -> FaultOutcome.Status { scheme.isDead(at: page) ? .dead : .absent }

    /// The install section. Returns the wait for it in nanoseconds, or `nil` if the walk must be thrown away.
    @inlinable @inline(__always)
    func installUnlessCollided<Translation>(
        _ translation: Translation, at page: Int, _ install: (Translation) -> Void, _ ticket: Scheme.Ticket
    ) -> UInt64? {
        guard let waited = scheme.beginInstall(ticket, at: page) else { return nil }
        install(translation)
        scheme.endInstall(ticket, at: page)
        return waited
    }

    @inlinable
    public func subscribe<Cache: TranslationCache>(
        _ cache: Cache, over range: InvalidationRange, to space: AddressSpace
    ) throws(RegistrationError) -> CacheSubscription where Cache.Guard == RetryingGuard<Scheme> {
        precondition(space.sections === sections, "a guard was made for another space than its cache is registered in")
        return try scheme.subscribe(cache, over: range, to: space)
    }

    public func markDead() { scheme.markDead() }

    public func resetAfterFork() { scheme.resetAfterFork() }
}

/// How far a fault has come that could not go straight through, and what it has spent of its ``RetryBudget``.
///
/// The budget bounds both waits and walks (invariant 34): each phase has one deadline for all its waits, and a number
/// of collisions.
@usableFromInline
package struct FaultRetries: BitwiseCopyable {
    /// What comes of the fault, if it ends now.
    @usableFromInline
    package var status = FaultOutcome.Status.busy
    private let startNanoseconds: UInt64
    /// When the attempts of this phase end.
    @usableFromInline
    private(set) var deadline: Deadline
    private let budget: RetryBudget
    private var collisions: UInt32
    /// The number of collisions at which this phase ends.
    private var limit: UInt32
    @usableFromInline
    private(set) var isFallback = false
    /// The fault's slot in the ``LeaseGate``, if it has one.
    @usableFromInline
    private(set) var claim: Int?
    /// How many collisions the fallback adds. Starts hold back then: there are few unless the walk makes them.
    private static let fallbackCollisions: UInt32 = 256

    /// Begins the slow path of a fault that collided `collisions` times on its fast path.
    @usableFromInline
    init(collisions: UInt32, budget: RetryBudget) {
        startNanoseconds = MonotonicClock.now()
        deadline = Deadline.after(nanoseconds: budget.nanoseconds)
        self.budget = budget
        self.collisions = collisions
        limit = budget.collisions
    }

    @usableFromInline
    var mayGoOn: Bool { collisions < limit && !deadline.hasPassed }

    @usableFromInline
    package mutating func collided() { collisions += 1 }

    /// Begins the fallback, with a deadline and collisions of its own.
    @usableFromInline
    mutating func fallBack(claim: Int?) {
        isFallback = true
        self.claim = claim
        deadline = Deadline.after(nanoseconds: budget.fallbackNanoseconds)
        limit = collisions &+ Self.fallbackCollisions
    }

    /// The fault's outcome, with all that it has spent.
    @usableFromInline
    var outcome: FaultOutcome {
        FaultOutcome(
            status, waitedNanoseconds: max(1, MonotonicClock.now() &- startNanoseconds), retries: collisions,
            usedFallback: isFallback)
    }
}

extension RetryingGuard: SectionObserver where Scheme: SectionObserver & ~Copyable {
    public static var capabilities: SubscriberCapabilities { Scheme.capabilities }

    @inlinable
    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        scheme.invalidationStarted(invalidation, teardown: teardown)
    }

    @inlinable
    public func invalidationEnded(_ invalidation: Invalidation) { scheme.invalidationEnded(invalidation) }
}
