/// A cache in the notifier list: passes on what touches its range, and only that part of it.
///
/// The guard is the cache's own. It has a type parameter and a place here, since to ask the cache each time would mean to
/// look its type up, and to count a reference on a line that every fault reads.
@usableFromInline
final class CacheSubscriber<Cache: TranslationCache, Guard: ListedGuard>: InvalidationSubscriber {
    @usableFromInline
    let cache: Cache
    @usableFromInline
    let translationGuard: Guard
    @usableFromInline
    let range: InvalidationRange

    @inlinable
    init(_ cache: Cache, guard translationGuard: Guard, over range: InvalidationRange) {
        self.cache = cache
        self.translationGuard = translationGuard
        self.range = range
    }

    /// The cache's.
    @usableFromInline
    var owner: InvalidationOwner? { cache.owner }

    /// The guard's.
    @usableFromInline
    var capabilities: SubscriberCapabilities { Guard.capabilities }

    /// Lets the guard keep faults out and drop the translations.
    @inlinable
    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        guard let part = part(of: invalidation) else { return .done }
        return translationGuard.invalidationStarted(part) { cache.drop($0) }
    }

    /// Lets faults in again.
    @inlinable
    func invalidationEnded(_ invalidation: Invalidation) {
        guard let part = part(of: invalidation) else { return }
        translationGuard.invalidationEnded(part)
    }

    /// Ends the guard; with no install possible any more, drops everything.
    @usableFromInline
    func released() {
        translationGuard.released()
        cache.drop(range)
    }

    /// What concerns the cache; `nil` where nothing does.
    @inlinable @inline(__always)
    func part(of invalidation: Invalidation) -> Invalidation? {
        if range.startPage <= invalidation.range.startPage, invalidation.range.endPage <= range.endPage {
            return invalidation
        }
        return invalidation.limited(to: range)
    }
}
