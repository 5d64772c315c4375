import Synchronization

/// Everything that subscribes to one address space, and the way in for everyone who changes it.
///
/// Whoever changes pages opens a section first, changes them, and closes it:
///
///     space.invalidate(range, event: .unmap) { munmap(...) }
///
/// A start first goes through the ``counter``, which every start raises before any subscriber is called and through
/// which a reader can shut all invalidations out, then through the two halves in Linux's order: the subscriptions to
/// ranges, then the notifier list. Any thread may call in: see ``ThreadRegistration``.
public final class AddressSpace: Sendable {
    /// The open sections, for readers that check them without a lock, and the exclusive gate.
    public let counter = RangeCounter()
    let intervals = IntervalNotifiers()
    /// Whether there ever was an interval subscription: until then starts and ends pass that half by. Set once, while
    /// no section is open.
    let hasIntervals = Atomic<Bool>(false)
    private let list: NotifierList
    let sharedSubscribers = SharedSubscribers()

    /// A space without subscribers.
    public init(pairing: PairingPolicy = .targetedUndo) { list = NotifierList(pairing: pairing) }

    // Nobody can invalidate it any more; what is still subscribed lets go of its subscriber.
    deinit { intervals.abandon() }

    /// How starts and ends are kept paired.
    public var pairing: PairingPolicy { list.pairing }

    /// Adds a subscriber. No section is open while it is added: the call waits for the open ones to end and holds new
    /// ones back, so that a fault right after the return cannot meet a section that its guard knows nothing of.
    ///
    /// Not to be called inside a section or a callback of this space: it would wait for itself.
    public func register(_ subscriber: any InvalidationSubscriber) throws(RegistrationError) -> Subscription {
        try register(subscriber, behind: nil)
    }

    /// Adds a subscriber right behind another one in the list, wherever the objects lie.
    func register(
        _ subscriber: any InvalidationSubscriber, behind other: Subscription?
    ) throws(RegistrationError) -> Subscription {
        trapWhereSectionsCannotEnd("register")
        _ = counter.claim(until: .never)
        defer { counter.releaseClaim() }
        return try list.register(subscriber, behind: other)
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
        trapWhereSectionsCannotEnd("release")
        sharedSubscribers.release()
        intervals.release()
        list.release()
    }

    /// Opens a section: when this returns, no translation of the range is left and none comes back until the end.
    ///
    /// Returns `nil` only for an invalidation that is not blockable, where somebody would have had to wait: nothing is
    /// promised then, nothing is raised, and no end is owed. A subscriber's failure in a blockable start is counted in
    /// ``InvalidationSection/failedStarts`` and does not stop it.
    public func invalidateRangeStart(_ invalidation: Invalidation) -> InvalidationSection? {
        guard counter.raise(isBlockable: invalidation.isBlockable) else { return nil }
        var failedIntervals: Int?
        // Relaxed: set under a claim, which the raise comes wholly before or wholly after.
        if hasIntervals.load(ordering: .relaxed) {
            failedIntervals = intervals.openHalf(invalidation)
            if failedIntervals == nil {
                counter.lower()
                return nil
            }
        }
        guard var section = list.invalidateRangeStart(invalidation) else {
            // Linux leaves the interval half open here, and its readers asleep.
            if failedIntervals != nil { intervals.closeHalf() }
            counter.lower()
            return nil
        }
        if let failedIntervals { section.open(failedIntervals: failedIntervals) }
        return section
    }

    /// Closes a section, after the pages have changed.
    public func invalidateRangeEnd(_ section: consuming InvalidationSection) {
        if section.isOpenInIntervals { intervals.closeHalf() }
        list.invalidateRangeEnd(section)
        counter.lower()
    }

    /// Runs `change`, which changes the pages, inside a section over `range`, and ends the section whatever it throws.
    @discardableResult
    public func invalidate<Result, Failure: Error>(
        _ range: InvalidationRange, event: InvalidationEvent, owner: InvalidationOwner? = nil,
        _ change: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let section = invalidateRangeStart(Invalidation(range: range, event: event, owner: owner)) else {
            fatalError("a blockable start failed")
        }
        let outcome: Swift.Result<Result, Failure>
        do throws(Failure) { outcome = .success(try change()) } catch { outcome = .failure(error) }
        invalidateRangeEnd(section)
        return try outcome.get()
    }

    // MARK: Aging

    /// Asks every subscriber whether the pages are young, and makes them old everywhere; the next use is seen for
    /// certain. Returns whether any was. For reclaim, before it takes the pages.
    public func clearFlushYoung(_ range: InvalidationRange) -> Bool { list.clearFlushYoung(range) }

    /// ``clearFlushYoung(_:)`` without a flush of what the device caches: cheaper, and may miss later uses for a while.
    /// For estimates of the working set.
    public func clearYoung(_ range: InvalidationRange) -> Bool { list.clearYoung(range) }

    /// Asks the subscribers whether the page is young until one says so, and clears nothing. For whoever collects or
    /// merges pages that are not in use.
    public func testYoung(_ page: Int) -> Bool { list.testYoung(page) }

    // MARK: Readers

    /// Runs `body` while no section is open and none can start; `nil` at the deadline, or where the waiter `isOver`. See
    /// ``InvLock`` for the use.
    @usableFromInline
    func withExclusiveRead<Result>(
        until deadline: Deadline, unless isOver: () -> Bool = { false }, _ body: () -> Result
    ) -> Result? {
        guard counter.claim(until: deadline, unless: isOver) else { return nil }
        defer { counter.releaseClaim() }
        return body()
    }
}
