import Synchronization

/// One address space, and all who hold translations of it.
///
/// Whoever changes pages opens a section first, changes them, and closes it:
///
///     space.invalidate(range, event: .unmap) { munmap(...) }
///
/// A start first gives way to faults that have asked for it (``LeaseGate``), then it is counted (``RangeCounter``), and
/// then it goes through the two halves in Linux's order: the subscriptions to ranges, then the notifier list. Any thread
/// may call in: see ``ThreadRegistration``.
public final class AddressSpace: Sendable {
    /// The sections that are open, as guards know them.
    @usableFromInline
    let sections = OpenSections()
    let intervals = IntervalNotifiers()
    /// Whether there ever was an interval subscription: until then starts and ends pass that half by.
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

    // Nobody can invalidate it any more; what is still subscribed lets go of its subscriber.
    deinit {
        LivingSpaces.remove(parts)
        intervals.abandon()
    }

    /// How starts and ends are kept paired.
    public var pairing: PairingPolicy { list.pairing }

    /// The open sections, for readers that check them without a lock.
    public var counter: RangeCounter { _read { yield sections.counter } }

    /// Adds a subscriber. It takes part in every section that starts after the return. If sections are open now, it is
    /// covered until they have ended: see ``InvalidationSubscriber/coverStarted()``. Never waits for a section, and may be
    /// called anywhere.
    public func register(_ subscriber: any InvalidationSubscriber) throws(RegistrationError) -> Subscription {
        try register(subscriber, behind: nil)
    }

    /// Adds a subscriber right behind another one in the list, wherever the objects lie.
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

    /// Ends a subscription without waiting; `completion` runs on liburcu's thread once no callback of it runs or will.
    public func unregisterDeferred(
        _ subscription: Subscription, completion: @escaping @Sendable () -> Void = {}
    ) {
        list.unregisterDeferred(subscription, completion: completion)
    }

    /// The address space ends: every subscriber drops everything, once, before this returns. Interval subscriptions are
    /// told by an invalidation of all pages with ``InvalidationEvent/release``.
    ///
    /// A second call, also a concurrent one, returns after the first one's work is done (invariant 22). Traps inside a
    /// callback; not to be called inside a section over a range that an interval subscription watches.
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
    /// Adds a subscription to a range. If sections are open, its readers behave as if one covered the range
    /// (invariant 18). Never waits, and may be called anywhere.
    ///
    /// Each subscription is added once. It stays, with its subscriber, until it is removed or the space is released.
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
    /// Waits for open sections over watched ranges, so not to be called inside one of one's own, nor with a lock held
    /// that a callback takes. Traps inside a callback. See ``IntervalNotifiers/remove(_:)``.
    public func remove(_ subscription: IntervalSubscription) {
        precondition(!RCU.isReading, "remove inside a callback or read section can wait for itself: use removeDeferred")
        intervals.remove(subscription)
    }

    /// Ends a subscription without waiting; `completion` runs once no callback of it runs or will: at once, or on the
    /// thread that ends the last open section, after that section. May be called anywhere.
    public func removeDeferred(
        _ subscription: IntervalSubscription, completion: @escaping @Sendable () -> Void = {}
    ) {
        intervals.removeDeferred(subscription, completion: completion)
    }

    /// From now on starts and ends go through the interval half too. Sections that are open now did not, and are not
    /// ended there; until they have ended, one section of the half's own stands for them, and subscriptions that come
    /// meanwhile are put under it.
    private func openIntervalHalf() {
        // Relaxed: if it is true it stays so, and nothing is read on the strength of it.
        guard !hasIntervals.load(ordering: .relaxed) else { return }
        intervals.raise()
        // Sequentially consistent: before the look at the counter; pairs with the load in invalidateRangeStart, which
        // comes after the raise. So a section goes through this half, or is seen to be open.
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
    /// A subscription to a range of a space, which is not told of anything yet: faults under it are not protected until
    /// ``AddressSpace/insert(_:for:)``.
    public convenience init(over range: InvalidationRange, in space: AddressSpace) {
        self.init(over: range, in: space.intervals)
    }
}
