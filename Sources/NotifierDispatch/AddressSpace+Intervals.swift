/// AddressSpace to ranges.
extension AddressSpace {
    /// Adds a subscription to a range. Inside a section its readers behave as if the section covered the range
    /// (invariant 18), so nothing is waited for; except by the first one of a space, which waits for open sections to
    /// end, like a registration: not to be called inside a section of one's own, and it traps inside a callback.
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
    /// thread that ends the last open section. May be called anywhere.
    public func removeDeferred(
        _ subscription: IntervalSubscription, completion: @escaping @Sendable () -> Void = {}
    ) {
        intervals.removeDeferred(subscription, completion: completion)
    }

    /// From now on starts and ends go through the interval half too. No section is open meanwhile, so none is closed
    /// there that was not opened there.
    private func openIntervalHalf() {
        // Relaxed: where it is true it stays so, and nothing is read on the strength of it.
        guard !hasIntervals.load(ordering: .relaxed) else { return }
        trapWhereSectionsCannotEnd("the first insert of a space")
        _ = counter.claim(until: .never)
        // Relaxed: giving the claim back releases it to every later raise.
        hasIntervals.store(true, ordering: .relaxed)
        counter.releaseClaim()
    }

    /// Traps where the calling thread itself keeps open sections from ending.
    func trapWhereSectionsCannotEnd(_ what: String) {
        precondition(!RCU.isReading, "\(what) inside a callback or read section can wait for itself")
        NotifierCallbacks.trapInside("\(what) inside a callback or read section can wait for itself")
    }
}

extension IntervalSubscription {
    /// A subscription to a range of a space, which is not told of anything yet: faults under it are not protected until
    /// ``AddressSpace/insert(_:for:)``.
    public convenience init(over range: InvalidationRange, in space: AddressSpace) {
        self.init(over: range, in: space.intervals)
    }
}
