import Synchronization

/// One address space and its subscribers.
///
/// A thread that changes pages opens a section first, changes them, and closes the section:
///
///     space.invalidate(range, event: .unmap) { munmap(...) }
///
/// A start first gives way to the faults that claim its pages (`LeaseGate`). Then the space counts it
/// (``RangeCounter``). Then the start goes through the two halves in Linux's order: the subscriptions to ranges, then
/// the notifier list. Any thread may call in: see ``ThreadRegistration``.
public final class AddressSpace: Sendable {
    /// The open sections. Guards hold this object and not the space.
    @usableFromInline
    let sections = OpenSections()
    let intervals = IntervalNotifiers()
    /// Whether there ever was an interval subscription. While it is false, starts and ends skip that half.
    let hasIntervals = Atomic<Bool>(false)
    let list: NotifierList
    let sharedSubscribers = SharedSubscribers()
    private let parts: SpaceParts

    /// A space without subscribers.
    public init(pairing: PairingPolicy = .targetedUndo) {
        list = NotifierList(pairing: pairing)
        parts = SpaceParts(sections: sections, intervals: intervals, list: list, sharedSubscribers: sharedSubscribers)
        LivingSpaces.insert(parts)
    }

    // No thread can invalidate the space any more. Every interval subscription that is left lets go of its subscriber.
    deinit {
        LivingSpaces.remove(parts)
        intervals.abandon()
    }

    /// How the list keeps starts and ends paired if a non-blockable start fails.
    public var pairing: PairingPolicy { list.pairing }

    /// The open sections, for readers that check them without a lock.
    public var counter: RangeCounter { _read { yield sections.counter } }

    /// Adds a subscriber. It takes part in every section that starts after the return. If sections are open now, it is
    /// covered until they have ended: see ``InvalidationSubscriber/coverStarted()``. May be called anywhere and never
    /// waits for a section.
    public func register(_ subscriber: any InvalidationSubscriber) throws(RegistrationError) -> Subscription {
        try register(subscriber, behind: nil)
    }

    /// Adds a subscriber right behind another one in the list, whatever the addresses of the two objects.
    func register(
        _ subscriber: any InvalidationSubscriber, behind other: Subscription?
    ) throws(RegistrationError) -> Subscription {
        let subscription = try list.register(subscriber, behind: other)
        sections.cover {
            subscriber.coverStarted()
        } end: {
            subscriber.coverEnded()
        }
        return subscription
    }

    /// Ends a subscription and waits until no callback of it runs or will run. Traps inside a callback.
    public func unregister(_ subscription: Subscription) { list.unregister(subscription) }

    /// Ends a subscription without waiting for its callbacks, unless another thread runs its `released()` now.
    /// `completion` runs on liburcu's thread once no callback of it runs or will run.
    public func unregisterDeferred(
        _ subscription: Subscription, completion: @escaping @Sendable () -> Void = {}
    ) {
        list.unregisterDeferred(subscription, completion: completion)
    }

    /// The address space ends. Before this returns, every subscriber drops everything, once. Interval subscriptions are
    /// told by an invalidation of all pages with ``InvalidationEvent/release``.
    ///
    /// A second call, also a concurrent one, returns after every subscriber has been told (invariant 22). Traps inside
    /// a callback or read section. If the space has interval subscriptions, do not call this inside a section: it may
    /// wait for that section.
    public func release() {
        precondition(!RCU.isReading, "release inside a callback or read section can wait for itself")
        NotifierCallbacks.trapInside("release inside a callback or read section can wait for itself")
        sharedSubscribers.release()
        intervals.release()
        list.release()
    }
}

/// Subscriptions to ranges.
extension AddressSpace {
    /// Adds a subscription to a range. If sections are open, its readers behave as if one of them covered the range
    /// (invariant 18). Never waits for a section. May be called anywhere.
    ///
    /// Each subscription is added once. The space holds it and its subscriber until removal or release.
    public func insert(
        _ subscription: IntervalSubscription, for subscriber: any IntervalSubscriber
    ) throws(RegistrationError) {
        try insert([subscription]) { _ in subscriber }
    }

    @usableFromInline
    func insert(
        _ subscriptions: [IntervalSubscription], for makeSubscriber: (IntervalSubscription) -> any IntervalSubscriber
    ) throws(RegistrationError) {
        openIntervalHalf()
        try intervals.insert(subscriptions, for: makeSubscriber)
    }

    /// Ends a subscription and waits: after the return no callback of it runs or will run (invariant 19).
    ///
    /// If a section over a watched range is open, this waits until no section of the space is open. So do not call it
    /// inside a section of the same thread, nor with a lock held that a callback takes. Traps inside a callback.
    public func remove(_ subscription: IntervalSubscription) {
        precondition(!RCU.isReading, "remove inside a callback or read section can wait for itself: use removeDeferred")
        intervals.remove(subscription)
    }

    /// Ends a subscription without waiting. `completion` runs once no callback of it runs or will run: at once, or on
    /// the thread that ends the last open section, after that section. May be called anywhere.
    public func removeDeferred(
        _ subscription: IntervalSubscription, completion: @escaping @Sendable () -> Void = {}
    ) {
        intervals.removeDeferred(subscription, completion: completion)
    }

    /// Makes starts and ends go through the interval half, too. Sections that are open now did not go through it, and
    /// their ends will not. Until they have ended, the half counts one section of its own in their place. A
    /// subscription that is inserted meanwhile is put under that one.
    private func openIntervalHalf() {
        // Relaxed: a true flag stays true, and the set's lock orders an insertion after the raise below.
        guard !hasIntervals.load(ordering: .relaxed) else { return }
        intervals.raise()
        // Sequentially consistent: comes before the load of the counter in `cover`; pairs with the load in
        // invalidateRangeStart, which comes after the raise. So a section goes through this half, or `cover` sees that
        // it is open.
        guard !hasIntervals.exchange(true, ordering: .sequentiallyConsistent) else {
            return intervals.closeHalf().dispose()
        }
        var isCovered = false
        sections.cover {
            isCovered = true
        } end: { [intervals] in
            intervals.closeHalf().dispose()
        }
        if !isCovered { intervals.closeHalf().dispose() }
    }
}

extension IntervalSubscription {
    /// A subscription to a range of a space. It is told of nothing, and faults under it are not protected, until
    /// ``AddressSpace/insert(_:for:)``.
    public convenience init(over range: InvalidationRange, in space: AddressSpace) {
        self.init(over: range, in: space.intervals)
    }
}
