/// A cache of translations behind a guard: all that a driver has to say of itself to be kept coherent.
///
///     let subscription = try space.register(cache, over: range)
///     cache.guard.fault(at: page, walk: { lookUp(page) }, install: { table[page] = $0 })
public protocol TranslationCache: AnyObject, Sendable {
    associatedtype Guard: TranslationGuard

    /// How a fault and an invalidation meet here.
    var `guard`: Guard { get }

    /// Whom it stands for: sections that this one caused pass it by, see ``Invalidation/owner``. Read once, at
    /// registration.
    var owner: InvalidationOwner? { get }

    /// Drop every translation of the range, which lies in the one that the cache is registered over. Called by the
    /// guard while it keeps installs of these pages out, and when the subscription ends; must not sleep.
    func drop(_ range: InvalidationRange)
}

extension TranslationCache {
    /// Nobody: no section passes it by.
    public var owner: InvalidationOwner? { nil }
}

extension AddressSpace {
    /// Adds a cache: from the return to the end of the subscription no fault on the range installs a translation that
    /// an invalidation has made stale. Faults on other pages are not protected.
    ///
    /// The guard decides in which half it subscribes. The call may wait for open sections to end, so not inside a
    /// section of one's own; it traps inside a callback, and where the guard was made for another space.
    @inlinable
    public func register<Cache: TranslationCache>(
        _ cache: Cache, over range: InvalidationRange
    ) throws(RegistrationError) -> CacheSubscription {
        try cache.guard.subscribe(cache, over: range, to: self)
    }

    /// Ends a cache's subscription and waits: after the return no callback of it runs or will run, faults answer
    /// ``FaultOutcome/Status/dead``, and nothing is left in it. Traps inside a callback; with guards that subscribe to
    /// ranges it waits for open sections, so not inside one of one's own.
    public func unregister(_ subscription: CacheSubscription) {
        switch subscription.place {
        case .list(let entry): unregister(entry)
        case .intervals(let intervals, let end):
            end()
            self.intervals.remove(intervals)
        }
    }

    /// ``unregister(_:)-(CacheSubscription)`` without the wait, also inside a callback: faults are dead on return,
    /// callbacks may go on until `completion` runs.
    public func unregisterDeferred(
        _ subscription: CacheSubscription, completion: @escaping @Sendable () -> Void = {}
    ) {
        switch subscription.place {
        case .list(let entry): unregisterDeferred(entry, completion: completion)
        case .intervals(let intervals, let end):
            end()
            self.intervals.removeDeferred(intervals, completion: completion)
        }
    }
}

/// A registered cache's place in a space; hand it to ``AddressSpace/unregister(_:)-(CacheSubscription)`` to end it.
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

extension AddressSpace {
    /// Adds a subscriber right behind a cache in the notifier list, wherever the objects lie; anywhere where the cache is
    /// not in the list. So what is to be undone when it fails is known.
    package func register(
        _ subscriber: any InvalidationSubscriber, behind cache: CacheSubscription
    ) throws(RegistrationError) -> CacheSubscription {
        guard case .list(let entry) = cache.place else { return CacheSubscription(try register(subscriber)) }
        return CacheSubscription(try register(subscriber, behind: entry))
    }
}

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
        translationGuard.markDead()
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
