import NotifierDispatch

extension NotifierList {
    /// A list with these subscribers.
    convenience init<Subscriber: InvalidationSubscriber>(subscribers: [Subscriber]) {
        self.init()
        for subscriber in subscribers { _ = registerOrTrap(subscriber) }
    }

    /// Registers a subscriber that nothing speaks against.
    func registerOrTrap<Subscriber: InvalidationSubscriber>(_ subscriber: Subscriber) -> Subscription {
        do { return try register(subscriber) } catch { fatalError("\(error)") }
    }
}

extension AddressSpace {
    /// A space with these subscribers.
    convenience init<Subscriber: InvalidationSubscriber>(subscribers: [Subscriber]) {
        self.init()
        for subscriber in subscribers { _ = registerOrTrap(subscriber) }
    }

    /// Registers a subscriber that nothing speaks against.
    func registerOrTrap<Subscriber: InvalidationSubscriber>(_ subscriber: Subscriber) -> Subscription {
        do { return try register(subscriber) } catch { fatalError("\(error)") }
    }
}

extension IntervalNotifiers {
    /// Adds a subscription that nothing speaks against.
    func insertOrTrap(_ subscription: IntervalSubscription, for subscriber: any IntervalSubscriber) {
        do { try insert(subscription, for: subscriber) } catch { fatalError("\(error)") }
    }
}
