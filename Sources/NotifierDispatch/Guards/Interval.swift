/// The merged interval notifier as drivers use it: a subscription's sequence, and its lock around the install.
///
/// The scheme subscribes in the interval half. It is told only of what touches its range, and gets no call at the end:
/// readers wait for the space's sequence themselves. See ``IntervalSubscription`` for the race and why it is safe.
public struct IntervalScheme<Begin: IntervalReadBegin, Extent: IntervalExtent>: ~Copyable, LockingScheme {
    /// Pages with numbers below this are watched.
    public let pages: Int
    @usableFromInline
    let set: IntervalNotifiers
    @usableFromInline
    let memory: IntervalNodes
    @usableFromInline
    let subscriptions: [IntervalSubscription]

    /// For page numbers below `pages`.
    init(space: AddressSpace, pages: Int) {
        self.pages = pages
        set = space.intervals
        let ranges = Extent.ranges(pages: pages)
        let memory = IntervalNodes(ranges)
        self.memory = memory
        subscriptions = ranges.indices.map { IntervalSubscription(index: $0, of: memory, in: space.intervals) }
    }

    /// The subscription of a page. ``EachStripe`` traps on a page beyond its last stripe; ``WholeSpace`` does not look
    /// at the page.
    @inlinable @inline(__always)
    func node(at page: Int) -> UnsafeMutablePointer<IntervalNode> { memory.node(Extent.index(of: page)) }

    @inlinable @inline(__always)
    public func readBeginIfIdle(at page: Int) -> IntervalSubscription.Ticket? {
        set.readBeginIfIdle(node(at: page), Begin.self)
    }

    public func readBegin(at page: Int, until deadline: Deadline) -> ReadBegin<IntervalSubscription.Ticket> {
        set.readBegin(node(at: page), Begin.self, until: deadline)
    }

    @inlinable @inline(__always)
    public func lockForInstall(at page: Int) -> UInt64? { node(at: page).pointee.lock.lockForInstall() }

    @inlinable @inline(__always)
    public func unlockForInstall(at page: Int) { node(at: page).pointee.lock.unlock() }

    @inlinable @inline(__always)
    public func readRetry(_ ticket: IntervalSubscription.Ticket, at page: Int) -> Bool {
        node(at: page).pointee.readRetry(ticket)
    }

    /// The pages of the page's subscription.
    public func checkedRange(at page: Int) -> InvalidationRange { subscriptions[Extent.index(of: page)].range }

    @inlinable
    public func isDead(at page: Int) -> Bool { node(at: page).pointee.isDead }

    /// The sequences are the set's affair, which resets them.
    public func resetAfterFork() {
        for index in 0..<memory.nodes.count { memory.node(index).pointee.lock.resetAfterFork() }
    }

    /// Marks every subscription as over, and wakes the faults that wait.
    public func markDead() {
        for subscription in subscriptions {
            subscription.lock()
            subscription.markDead()
            subscription.unlock()
        }
        set.wakeReaders()
    }

    @usableFromInline
    func subscriptions(in range: InvalidationRange) -> [IntervalSubscription] {
        subscriptions.filter { $0.range.overlaps(range) }
    }

    /// Adds the subscriptions that share a page with the range.
    @inlinable
    public func subscribe<Cache: TranslationCache>(
        _ cache: Cache, over range: InvalidationRange, to space: AddressSpace
    ) throws(RegistrationError) -> CacheSubscription where Cache.Guard == RetryingGuard<Self> {
        let watched = subscriptions(in: range)
        try space.insert(watched) { IntervalCacheSubscriber(cache, $0, within: range) }
        return CacheSubscription(watched) {
            cache.guard.markDead()
            for subscription in watched {
                guard let part = subscription.range.intersection(range) else { continue }
                // Under the readers' lock, as the callback's drop: so the two exclude each other.
                subscription.lock()
                InstallSection.enter()
                cache.drop(part)
                InstallSection.leave()
                subscription.unlock()
            }
        }
    }
}

/// The interval notifier as it was merged into Linux 5.5: one subscription, one spin lock per space, one lock around
/// installs.
public typealias IntervalGuard = RetryingGuard<IntervalScheme<LockedReadBegin, WholeSpace>>
/// ``IntervalGuard`` whose reads begin without the space's spin lock.
public typealias IntervalLockFreeGuard = RetryingGuard<IntervalScheme<LockFreeReadBegin, WholeSpace>>
/// ``IntervalGuard`` with a subscription and a lock around installs for each 2 MiB.
public typealias IntervalStripeGuard = RetryingGuard<IntervalScheme<LockedReadBegin, EachStripe>>
/// ``IntervalStripeGuard`` whose reads begin without the space's spin lock.
public typealias IntervalStripeLockFreeGuard = RetryingGuard<IntervalScheme<LockFreeReadBegin, EachStripe>>

extension RetryingGuard where Scheme: ~Copyable {
    /// A guard on interval notifiers, for page numbers below `pages`.
    public convenience init<Begin, Extent>(space: AddressSpace, pages: Int, budget: RetryBudget = RetryBudget())
    where Scheme == IntervalScheme<Begin, Extent> {
        self.init(scheme: IntervalScheme(space: space, pages: pages), space: space, budget: budget)
    }
}

/// What one subscription of an ``IntervalScheme`` covers.
public protocol IntervalExtent: Sendable {
    /// The subscriptions' ranges for a guard of `pages` pages.
    static func ranges(pages: Int) -> [InvalidationRange]
    /// The index of the range that a page lies in.
    static func index(of page: Int) -> Int
}

/// All pages: one subscription, one lock.
public enum WholeSpace: IntervalExtent {
    public static func ranges(pages: Int) -> [InvalidationRange] { [InvalidationRange(start: 0, end: pages)] }
    @inlinable @inline(__always)
    public static func index(of page: Int) -> Int { 0 }
}

/// A subscription and a lock for each 2 MiB, to tell the gain of a protocol from that of finer locks.
public enum EachStripe: IntervalExtent {
    public static func ranges(pages: Int) -> [InvalidationRange] {
        (0..<StripeSize.hugePage.count(pages: pages)).map { StripeSize.hugePage.range(of: $0) }
    }
    @inlinable @inline(__always)
    public static func index(of page: Int) -> Int { StripeSize.hugePage.index(of: page) }
}

/// The subscriber of one subscription: it drops that subscription's share of a cache.
@usableFromInline
final class IntervalCacheSubscriber<Cache: TranslationCache>: IntervalSubscriber {
    @usableFromInline
    let cache: Cache
    @usableFromInline
    let subscription: IntervalSubscription
    /// The pages of the subscription that the cache is registered over.
    @usableFromInline
    let range: InvalidationRange

    @usableFromInline
    init(_ cache: Cache, _ subscription: IntervalSubscription, within limit: InvalidationRange) {
        self.cache = cache
        self.subscription = subscription
        range = subscription.range.intersection(limit) ?? subscription.range
    }

    @usableFromInline
    var owner: InvalidationOwner? { cache.owner }

    @inlinable
    func invalidationStarted(_ invalidation: Invalidation, sequence: UInt64) -> IntervalResponse {
        let node = subscription.node
        node.pointee.lock.lockForSection()
        defer { node.pointee.lock.unlock() }
        node.pointee.record(sequence)
        if let part = invalidation.range.intersection(range) {
            InstallSection.enter()
            cache.drop(part)
            InstallSection.leave()
        }
        if invalidation.event == .release { node.pointee.markDead() }
        return .done
    }

    @usableFromInline
    func processForked() {
        cache.guard.resetAfterFork()
        InstallSection.enter()
        cache.drop(range)
        InstallSection.leave()
    }
}
