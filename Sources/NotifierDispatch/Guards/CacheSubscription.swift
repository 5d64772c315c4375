/// A registered cache's place in a space; hand it to ``Subscriptions/unregister(_:)-(CacheSubscription)`` to end it.
public struct CacheSubscription: Sendable {
    enum Place: Sendable {
        case list(Subscription)
        case intervals([IntervalSubscription], end: @Sendable () -> Void)
    }

    let place: Place

    /// One in the notifier list.
    public init(_ subscription: Subscription) { place = .list(subscription) }

    /// Several in the interval half. `end` makes the guard give up for good; it is called once or more, before they are
    /// removed.
    @usableFromInline
    init(_ subscriptions: [IntervalSubscription], end: @escaping @Sendable () -> Void) {
        place = .intervals(subscriptions, end: end)
    }
}

extension Subscriptions {
    /// Adds a subscriber right behind a cache in the notifier list, wherever the objects lie; anywhere where the cache is
    /// not in the list. So what is to be undone when it fails is known.
    package func register(
        _ subscriber: any InvalidationSubscriber, behind cache: CacheSubscription
    ) throws(RegistrationError) -> CacheSubscription {
        guard case .list(let entry) = cache.place else { return CacheSubscription(try register(subscriber)) }
        return CacheSubscription(try register(subscriber, behind: entry))
    }
}
