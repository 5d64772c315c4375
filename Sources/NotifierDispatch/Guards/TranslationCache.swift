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

extension Subscriptions {
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
