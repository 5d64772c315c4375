import Synchronization

/// One way to keep a shadow table coherent: it decides how a fault and an invalidation meet.
///
/// All guards have the same entry points, so that they can be swapped, and compared on the same work. Faults come from
/// any number of threads. How it learns of invalidations is the guard's own affair; most do so as a
/// ``SectionObserver`` in the notifier list.
public protocol TranslationGuard: AnyObject, Sendable {
    /// `false` for a guard that lets stale translations through, and is kept for comparison only.
    static var isProtected: Bool { get }

    /// Whether its faults say how long they waited. `false` only where that would cost every fault a look at the clock;
    /// ``FaultOutcome/waitedNanoseconds`` is always 0 then.
    static var measuresWaits: Bool { get }

    /// Fills in the translation of a page.
    ///
    /// - Parameters:
    ///   - page: The page's number.
    ///   - walk: Looks the translation up. It may be slow, may sleep unless the guard holds a lock over it, may be
    ///     called several times, and may find nothing.
    ///   - install: Makes a translation visible. Short, never sleeps, called at most once.
    func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome

    /// Subscribes a cache that uses this guard to everything that touches the range; see
    /// ``AddressSpace/register(_:over:)``, which calls it.
    func subscribe<Cache: TranslationCache>(
        _ cache: Cache, over range: InvalidationRange, to space: AddressSpace
    ) throws(RegistrationError) -> CacheSubscription where Cache.Guard == Self

    /// The pages that it can guard have numbers below this; `Int.max` if it takes any.
    var pages: Int { get }

    /// Whether it is registered: a guard serves one registration in its life.
    var registration: GuardRegistration { get }

    /// The subscription is over: faults that begin after the return install nothing and answer
    /// ``FaultOutcome/Status/dead``. May wait for installs that are under way, but never for a section. A guard that holds a
    /// lock across sections gives up that of this thread, whose end will not come.
    func markDead()

    /// The process has forked, and this is the child: no section is open, no fault is under way, nobody holds a lock, and
    /// no ticket of the parent's is good. Makes the guard so, in whatever state the parent's threads have left it; only
    /// that it is dead stays. There is one thread: no lock may be waited for. The cache is emptied after it.
    func resetAfterFork()
}

extension TranslationGuard {
    /// `true`: its faults say how long they waited.
    @inlinable
    public static var measuresWaits: Bool { true }
}

/// Whether a guard has been registered. One object belongs to one guard.
public final class GuardRegistration: Sendable {
    private let isTaken = Atomic<Bool>(false)

    /// That of a guard that has not been registered.
    public init() {}

    /// Takes the only registration that there is; `false` if somebody has.
    // Relaxed, both: only one may win, and the list's lock orders what the winner does.
    func take() -> Bool { !isTaken.exchange(true, ordering: .relaxed) }

    /// Gives it back: the registration has failed.
    func giveBack() { isTaken.store(false, ordering: .relaxed) }
}

/// What came of a fault.
public struct FaultOutcome: Sendable {
    /// Whether a translation was installed, and why not.
    public enum Status: UInt8, Sendable {
        /// `install` ran.
        case installed
        /// `walk` found nothing.
        case absent
        /// The subscription is over.
        case dead
        /// Invalidations kept it from finishing until its deadline; try again later.
        case busy
    }

    /// Whether a translation was installed, and why not.
    public let status: Status
    /// Whether it asked the invalidations of its pages to hold back for it, see ``RetryBudget``.
    public let usedFallback: Bool
    /// How many walks were thrown away.
    public let retries: UInt32
    /// How long it waited for others or did walks in vain, in nanoseconds; 0 where it went straight through, and where its
    /// guard does not measure that.
    public let waitedNanoseconds: UInt64

    /// An outcome; by default one that went straight through.
    @inlinable @inline(__always)
    public init(_ status: Status, waitedNanoseconds: UInt64 = 0, retries: UInt32 = 0, usedFallback: Bool = false) {
        self.status = status
        self.usedFallback = usedFallback
        self.retries = retries
        self.waitedNanoseconds = waitedNanoseconds
    }
}

/// How long a fault of a guard that retries puts up with collisions.
///
/// A fault walks without a lock as long as the budget lasts. Then it falls back: it asks invalidations of its pages to
/// hold back, each for a millisecond at most, and goes on trying. What bounds it is its deadline. It is sure to succeed
/// only if no section of its pages is open at some instant, and walk and install fit into what is left of that
/// millisecond; otherwise it may answer ``FaultOutcome/Status/busy``, by the deadline and one walk at the latest.
public struct RetryBudget: Sendable {
    /// Walks thrown away before the fallback, 1 or above.
    public var collisions: UInt32
    /// Time from the first collision or wait to the fallback, in nanoseconds.
    public var nanoseconds: UInt64
    /// How long the fallback may take before the fault answers ``FaultOutcome/Status/busy``, in nanoseconds.
    public var fallbackNanoseconds: UInt64

    /// Of the three, one second in the fallback is what Linux drivers allow a fault in all.
    public init(
        collisions: UInt32 = 64, nanoseconds: UInt64 = 1_000_000, fallbackNanoseconds: UInt64 = 1_000_000_000
    ) {
        self.collisions = collisions
        self.nanoseconds = nanoseconds
        self.fallbackNanoseconds = fallbackNanoseconds
    }
}

/// What is told of the start and the end of every section through the notifier list: a guard, or the scheme of a
/// ``RetryingGuard``.
public protocol SectionObserver: ~Copyable, Sendable {
    /// What the subscriber that stands for it must declare.
    static var capabilities: SubscriberCapabilities { get }

    /// An invalidation starts. On return with ``StartResponse/done``, `teardown` has run for the range and no fault
    /// installs anything in it until the end.
    func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse

    /// The invalidation ends: faults may install again.
    func invalidationEnded(_ invalidation: Invalidation)

    /// It was registered while sections were open, of whose starts it was not told: no fault may install anything in
    /// the range until ``coverEnded(_:)``. Must not wait for a section.
    func coverStarted(_ range: InvalidationRange, teardown: (InvalidationRange) -> Void)

    /// Those sections have ended. May come on any thread, and after the subscription is over.
    func coverEnded(_ range: InvalidationRange)
}

extension SectionObserver where Self: ~Copyable {
    /// As if a section over the range started: right for whatever may end a section on any thread.
    public func coverStarted(_ range: InvalidationRange, teardown: (InvalidationRange) -> Void) {
        _ = invalidationStarted(Invalidation(range: range, event: .clear), teardown: teardown)
    }

    /// As if that section ended.
    public func coverEnded(_ range: InvalidationRange) {
        invalidationEnded(Invalidation(range: range, event: .clear))
    }
}

extension TranslationGuard where Self: SectionObserver {
    /// Subscribes in the notifier list.
    @inlinable
    public func subscribe<Cache: TranslationCache>(
        _ cache: Cache, over range: InvalidationRange, to space: AddressSpace
    ) throws(RegistrationError) -> CacheSubscription where Cache.Guard == Self {
        try space.register(CacheSubscriber(cache, guard: self, over: range))
    }
}
