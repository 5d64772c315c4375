/// The merged interval notifier as drivers use it: a subscription's sequence, and its lock around the install.
///
/// It is subscribed in the interval half: it hears only of what touches its range, and gets no call at the end, since
/// readers wait for the space's sequence themselves. See ``IntervalSubscription`` for the race and why it is safe.
public struct IntervalScheme<Begin: IntervalReadBegin, Extent: IntervalExtent>: ~Copyable, LockingScheme {
    @usableFromInline
    let set: IntervalNotifierSet
    @usableFromInline
    let memory: IntervalNodes
    @usableFromInline
    let subscriptions: [IntervalSubscription]

    /// For page numbers below `pages`.
    init(space: Subscriptions, pages: Int) {
        set = space.intervals
        let ranges = Extent.ranges(pages: pages)
        let memory = IntervalNodes(ranges)
        self.memory = memory
        subscriptions = ranges.indices.map { IntervalSubscription(index: $0, of: memory, in: space.intervals) }
    }

    /// The subscription of a page; traps where the guard was made for fewer pages.
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
    public func lockForInstall(at page: Int) -> UInt64 { node(at: page).pointee.lock.lock() }

    @inlinable @inline(__always)
    public func unlockForInstall(at page: Int) { node(at: page).pointee.lock.unlock() }

    @inlinable @inline(__always)
    public func readRetry(_ ticket: IntervalSubscription.Ticket, at page: Int) -> Bool {
        node(at: page).pointee.readRetry(ticket)
    }

    @inlinable
    public func isOver(at page: Int) -> Bool { node(at: page).pointee.isDead }

    /// Marks every subscription as released, and wakes the faults that wait.
    public func released() {
        for subscription in subscriptions {
            subscription.lock()
            subscription.markReleased()
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
        _ cache: Cache, over range: InvalidationRange, to space: Subscriptions
    ) throws(RegistrationError) -> CacheSubscription where Cache.Guard == RetryingGuard<Self> {
        let watched = subscriptions(in: range)
        try space.insert(watched) { IntervalCacheSubscriber(cache, $0, within: range) }
        return CacheSubscription(watched) {
            cache.guard.released()
            cache.drop(range)
        }
    }
}
