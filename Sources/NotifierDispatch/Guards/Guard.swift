/// One way to keep a shadow table coherent: it decides how a fault and an invalidation meet.
///
/// All guards have the same entry points, so that they can be swapped, and compared on the same work. Faults come from
/// any number of threads. How it learns of invalidations is the guard's own affair; most do so as a
/// ``ListedGuard``.
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

    /// The subscription is over: once this returns, faults install nothing and return ``FaultOutcome/Status/dead``.
    func markDead()
}

extension TranslationGuard {
    /// `true`: its faults say how long they waited.
    @inlinable
    public static var measuresWaits: Bool { true }
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
    /// Whether it took the guard's slow path that cannot be starved.
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

/// How long a fault of a guard that retries puts up with collisions before it takes the slow path.
public struct RetryBudget: Sendable {
    /// Walks thrown away, 1 or above.
    public var collisions: UInt32
    /// Time from the first collision or wait, in nanoseconds.
    public var nanoseconds: UInt64
    /// How long the slow path may take after that before the fault answers ``FaultOutcome/Status/busy``, in nanoseconds.
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

/// A guard that is told of the start and the end of every section, through a subscriber in the notifier list.
public protocol ListedGuard: TranslationGuard {
    /// What the subscriber that uses this guard must declare.
    static var capabilities: SubscriberCapabilities { get }

    /// An invalidation starts. On return with ``StartResponse/done``, `teardown` has run for the range and no fault
    /// installs anything in it until the end.
    func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse

    /// The invalidation ends: faults may install again.
    func invalidationEnded(_ invalidation: Invalidation)
}

extension ListedGuard {
    /// Subscribes in the notifier list.
    @inlinable
    public func subscribe<Cache: TranslationCache>(
        _ cache: Cache, over range: InvalidationRange, to space: AddressSpace
    ) throws(RegistrationError) -> CacheSubscription where Cache.Guard == Self {
        CacheSubscription(try space.register(CacheSubscriber(cache, guard: self, over: range)))
    }
}
