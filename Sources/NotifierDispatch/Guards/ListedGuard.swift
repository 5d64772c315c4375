/// A guard that is told of the start and the end of every section, through a subscriber in the notifier list.
public protocol ListedGuard: TranslationGuard {
    /// What the subscriber that uses this guard must declare.
    static var capabilities: SubscriberCapabilities { get }

    /// An invalidation starts. On return with ``StartResponse/done``, `teardown` has run for the range and no fault
    /// installs anything in it until the end.
    func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse

    /// The invalidation ends: faults may install again.
    func invalidationEnded(_ invalidation: Invalidation)
}

extension ListedGuard {
    /// Subscribes in the notifier list.
    @inlinable
    public func subscribe<Cache: TranslationCache>(
        _ cache: Cache, over range: InvalidationRange, to space: Subscriptions
    ) throws(RegistrationError) -> CacheSubscription where Cache.Guard == Self {
        CacheSubscription(try space.register(CacheSubscriber(cache, guard: self, over: range)))
    }
}
