/// One subscription's share of a cache.
@usableFromInline
final class IntervalCacheSubscriber<Cache: TranslationCache>: IntervalSubscriber {
    @usableFromInline
    let cache: Cache
    @usableFromInline
    let subscription: IntervalSubscription
    /// The pages of the subscription that the cache is registered over.
    @usableFromInline
    let range: InvalidationRange

    @usableFromInline
    init(_ cache: Cache, _ subscription: IntervalSubscription, within limit: InvalidationRange) {
        self.cache = cache
        self.subscription = subscription
        range = subscription.range.intersection(limit) ?? subscription.range
    }

    @usableFromInline
    var owner: InvalidationOwner? { cache.owner }

    @inlinable
    func invalidationStarted(_ invalidation: Invalidation, sequence: UInt64) -> IntervalResponse {
        let node = subscription.node
        node.pointee.lock.lock()
        defer { node.pointee.lock.unlock() }
        node.pointee.record(sequence)
        if let part = invalidation.range.intersection(range) { cache.drop(part) }
        if invalidation.event == .release { node.pointee.markDead() }
        return .done
    }
}
