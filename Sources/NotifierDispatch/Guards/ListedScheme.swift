/// A scheme whose guard is told of sections through the notifier list.
public protocol ListedScheme: ~Copyable, RetryScheme {
    /// What the subscriber that uses this scheme must declare.
    static var capabilities: SubscriberCapabilities { get }

    /// An invalidation starts: from here on readers of its range retry. `teardown` runs with the lock of the install
    /// section held against them.
    func invalidationStarted(_ invalidation: Invalidation, teardown: (InvalidationRange) -> Void) -> StartResponse

    /// The invalidation ends.
    func invalidationEnded(_ invalidation: Invalidation)
}

extension ListedScheme where Self: ~Copyable {
    /// Subscribes in the notifier list.
    @inlinable
    public func subscribe<Cache: TranslationCache>(
        _ cache: Cache, over range: InvalidationRange, to space: Subscriptions
    ) throws(RegistrationError) -> CacheSubscription where Cache.Guard == RetryingGuard<Self> {
        CacheSubscription(try space.register(CacheSubscriber(cache, guard: cache.guard, over: range)))
    }
}

extension RetryingGuard: ListedGuard where Scheme: ListedScheme & ~Copyable {
    public static var capabilities: SubscriberCapabilities { Scheme.capabilities }

    @inlinable
    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        scheme.invalidationStarted(invalidation, teardown: teardown)
    }

    @inlinable
    public func invalidationEnded(_ invalidation: Invalidation) { scheme.invalidationEnded(invalidation) }
}
