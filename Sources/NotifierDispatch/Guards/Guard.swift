import Synchronization

/// One way to keep a shadow table coherent: it decides how a fault and an invalidation meet.
///
/// All guards have the same entry points, so a program can exchange them, and compare them on the same work. Any number
/// of threads may fault. A guard learns of invalidations in its own way: most guards are a ``SectionObserver`` in the
/// notifier list.
public protocol TranslationGuard: AnyObject, Sendable {
    /// `false` for a guard that lets stale translations through. Such a guard is for comparison only.
    static var isProtected: Bool { get }

    /// Whether its faults say how long they waited. If `false`, ``FaultOutcome/waitedNanoseconds`` is always 0:
    /// measuring would cost every fault a look at the clock.
    static var measuresWaits: Bool { get }

    /// Fills in the translation of a page.
    ///
    /// - Parameters:
    ///   - page: The page's number.
    ///   - walk: Looks the translation up. It may be slow, may sleep unless the guard holds a lock over it, may be
    ///     called several times, and may find nothing.
    ///   - install: Makes a translation visible. It is short, never sleeps, and is called at most once.
    func fault<Translation>(
        at page: Int, walk: () -> Translation?, install: (Translation) -> Void
    ) -> FaultOutcome

    /// The same for a translation that is one word: storing it in `slot` is the install. A guard that can do that more
    /// cheaply than by a closure does so (``RestartableGuard``). The slot is an atomic word of its own, and valid until the
    /// subscription is over and the fault has returned.
    ///
    /// The store releases: who acquires the word, such as a device, sees what the walk has made for it.
    func fault(at page: Int, walk: () -> UInt64?, into slot: UnsafeMutablePointer<Atomic<UInt64>>) -> FaultOutcome

    /// Fills in the translations of a page and, as far as that goes, of those around it: one walk and one install.
    ///
    /// The page must come through as in ``fault(at:walk:install:)``; the others may be left out. The range is clipped to
    /// ``checkedRange(at:)``, and may shrink to the page alone if invalidations keep coming between. Traps if the page lies
    /// outside of it.
    ///
    /// - Parameters:
    ///   - page: The page's number.
    ///   - range: The pages to fill in, this one among them.
    ///   - walk: Looks the translations of a range up; finding nothing for the page is finding nothing. Otherwise as for
    ///     one page.
    ///   - install: Makes the translations of that range visible. As for one page, it is short, never sleeps, and is called
    ///     at most once.
    func faultRange<Translations>(
        containing page: Int, within range: InvalidationRange,
        walk: (InvalidationRange) -> Translations?, install: (InvalidationRange, Translations) -> Void
    ) -> RangeFaultOutcome

    /// The pages that one check of a fault of this page covers, this page among them. Never changes in a guard's life.
    func checkedRange(at page: Int) -> InvalidationRange

    /// Subscribes a cache that uses this guard to everything that touches the range. ``AddressSpace/register(_:over:)``
    /// calls it.
    func subscribe<Cache: TranslationCache>(
        _ cache: Cache, over range: InvalidationRange, to space: AddressSpace
    ) throws(RegistrationError) -> CacheSubscription where Cache.Guard == Self

    /// The guard takes page numbers below this; `Int.max` if it takes any.
    var pages: Int { get }

    /// Whether the guard is registered. It serves one registration in its life.
    var registration: GuardRegistration { get }

    /// Ends the subscription for faults: those that begin after the return install nothing and answer
    /// ``FaultOutcome/Status/dead``. May wait for installs and teardowns that are under way, but never for the end of a
    /// section. A guard that holds a lock across sections gives up that of this thread, whose end will not come.
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

    /// Installs by a closure that stores the word.
    @inlinable @inline(__always)
    public func fault(at page: Int, walk: () -> UInt64?, into slot: UnsafeMutablePointer<Atomic<UInt64>>)
        -> FaultOutcome
    {
        fault(at: page, walk: walk, install: { slot.pointee.store($0, ordering: .releasing) })
    }
}

/// Whether a guard has been registered. One object belongs to one guard.
public final class GuardRegistration: Sendable {
    private let isTaken = Atomic<Bool>(false)

    /// The registration of a guard that has not been registered.
    public init() {}

    /// Takes the one registration; `false` if it is taken already.
    // Relaxed, both: only one thread may win. The lock of the list or of the interval half orders what the winner does.
    func take() -> Bool { !isTaken.exchange(true, ordering: .relaxed) }

    /// Gives the registration back after it has failed.
    func giveBack() { isTaken.store(false, ordering: .relaxed) }
}

/// The outcome of a fault.
public struct FaultOutcome: Sendable {
    /// Whether a translation was installed, and why not.
    public enum Status: UInt8, Sendable, BitwiseCopyable {
        /// `install` ran.
        case installed
        /// `walk` found nothing.
        case absent
        /// The subscription is over.
        case dead
        /// Invalidations kept the fault from installing until its deadline or its last retry; try again later.
        case busy
    }

    /// Whether a translation was installed, and why not.
    public let status: Status
    /// Whether the fault fell back: see ``RetryBudget``.
    public let usedFallback: Bool
    /// How many walks were thrown away.
    public let retries: UInt32
    /// How long the fault waited, in nanoseconds: from its first wait or collision to its end if it retried, else for
    /// its lock. 0 if it went straight through, and if its guard does not measure waits.
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
/// hold back, each for a millisecond at most, and goes on trying until its deadline or 256 more collisions; a walk that
/// is under way then goes on to its end. The fault is sure to succeed only if no section of its pages is open at some
/// instant, and the starts that follow hold back until it has installed. Starts that must not block do not hold back,
/// and if 64 faults ask already, none does. Otherwise the fault may answer ``FaultOutcome/Status/busy``.
public struct RetryBudget: Sendable, BitwiseCopyable {
    /// Walks thrown away before the fallback, 1 or above.
    public var collisions: UInt32
    /// Time from the first collision or wait to the fallback, in nanoseconds.
    public var nanoseconds: UInt64
    /// How long the fallback may take before the fault answers ``FaultOutcome/Status/busy``, in nanoseconds.
    public var fallbackNanoseconds: UInt64

    /// A budget. The default allows the fallback alone the one second that Linux drivers allow a fault in all.
    public init(
        collisions: UInt32 = 64, nanoseconds: UInt64 = 1_000_000, fallbackNanoseconds: UInt64 = 1_000_000_000
    ) {
        self.collisions = collisions
        self.nanoseconds = nanoseconds
        self.fallbackNanoseconds = fallbackNanoseconds
    }
}

/// A guard in the notifier list, or the scheme of a ``RetryingGuard``: it is told of the start and the end of each
/// section that touches its cache. A ``RetryingGuard`` turns a cover into a start and an end for its scheme.
public protocol SectionObserver: ~Copyable, Sendable {
    /// What the subscriber that stands for the observer must declare.
    static var capabilities: SubscriberCapabilities { get }

    /// An invalidation starts. If the answer is ``StartResponse/done``, `teardown` has run for all parts of the range,
    /// and no fault installs anything in the range until the end.
    func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse

    /// The invalidation ends: faults may install again.
    func invalidationEnded(_ invalidation: Invalidation)

    /// The observer was registered while sections were open, and was not told of their starts: no fault may install
    /// anything in the range until ``coverEnded(_:)``. Must not wait for a section.
    func coverStarted(_ range: InvalidationRange, teardown: (InvalidationRange) -> Void)

    /// Those sections have ended. May be called on any thread, and after the subscription is over.
    func coverEnded(_ range: InvalidationRange)
}

extension SectionObserver where Self: ~Copyable {
    /// Starts a section over the range. That is right for an observer whose sections may end on any thread.
    public func coverStarted(_ range: InvalidationRange, teardown: (InvalidationRange) -> Void) {
        _ = invalidationStarted(Invalidation(range: range, event: .clear), teardown: teardown)
    }

    /// Ends that section.
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
