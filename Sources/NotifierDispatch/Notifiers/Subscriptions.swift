/// Everything that subscribes to one address space, and the way in for everyone who changes it.
///
/// Whoever changes pages opens a section first, changes them, and closes it:
///
///     space.invalidate(range, event: .unmap) { munmap(...) }
///
/// A start first goes through the ``counter``, which every start raises before any subscriber is called and through
/// which a reader can shut all invalidations out, then through the notifier list. All threads that call in must be
/// registered (``ReadCopyUpdate/withRegisteredThread(_:)``).
public final class Subscriptions: Sendable {
    /// The open sections, for readers that check them without a lock, and the exclusive gate.
    public let counter = RangeCounter()
    private let list: NotifierList

    /// A space without subscribers.
    public init(pairing: PairingPolicy = .targetedUndo) { list = NotifierList(pairing: pairing) }

    /// How starts and ends are kept paired.
    public var pairing: PairingPolicy { list.pairing }

    /// Adds a subscriber. No section is open while it is added: the call waits for the open ones to end and holds new
    /// ones back, so that a fault right after the return cannot meet a section that its guard knows nothing of.
    ///
    /// Not to be called inside a section or a callback of this space: it would wait for itself.
    @inlinable
    public func register<Subscriber: InvalidationSubscriber>(
        _ subscriber: Subscriber
    ) throws(RegistrationError) -> Subscription {
        try register(
            TypedSubscriberBox(subscriber), address: UInt(bitPattern: ObjectIdentifier(subscriber)),
            capabilities: subscriber.capabilities)
    }

    @usableFromInline
    func register(
        _ box: SubscriberBox, address: UInt, capabilities: SubscriberCapabilities
    ) throws(RegistrationError) -> Subscription {
        precondition(!RCU.isReading, "register inside a callback or read section can wait for itself")
        _ = counter.claim(until: .never)
        defer { counter.releaseClaim() }
        return try list.register(box, address: address, capabilities: capabilities)
    }

    /// Ends a subscription and waits until no callback of it runs or will run. Traps inside a callback.
    public func unregister(_ subscription: Subscription) { list.unregister(subscription) }

    /// Ends a subscription without waiting; `completion` runs on liburcu's thread once no callback of it runs or will.
    public func unregisterDeferred(
        _ subscription: Subscription, completion: @escaping @Sendable () -> Void = {}
    ) {
        list.unregisterDeferred(subscription, completion: completion)
    }

    /// The address space ends: every subscriber drops everything, once, before this returns.
    public func release() { list.release() }

    /// Opens a section: when this returns, no translation of the range is left and none comes back until the end.
    ///
    /// Returns `nil` only for an invalidation that is not blockable, where somebody would have had to wait: nothing is
    /// promised then, nothing is raised, and no end is owed. A subscriber's failure in a blockable start is counted in
    /// ``InvalidationSection/failedStarts`` and does not stop it.
    public func invalidateRangeStart(_ invalidation: Invalidation) -> InvalidationSection? {
        guard counter.raise(isBlockable: invalidation.isBlockable) else { return nil }
        guard let section = list.invalidateRangeStart(invalidation) else {
            counter.lower()
            return nil
        }
        return section
    }

    /// Closes a section, after the pages have changed.
    public func invalidateRangeEnd(_ section: consuming InvalidationSection) {
        list.invalidateRangeEnd(section)
        counter.lower()
    }

    /// Runs `change`, which changes the pages, inside a section over `range`, and ends the section whatever it throws.
    @discardableResult
    public func invalidate<Result, Failure: Error>(
        _ range: InvalidationRange, event: InvalidationEvent, _ change: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let section = invalidateRangeStart(Invalidation(range: range, event: event)) else {
            fatalError("a blockable start failed")
        }
        let outcome: Swift.Result<Result, Failure>
        do throws(Failure) { outcome = .success(try change()) } catch { outcome = .failure(error) }
        invalidateRangeEnd(section)
        return try outcome.get()
    }

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
