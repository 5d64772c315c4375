import Synchronization

/// A cache of translations behind a guard: all that a driver must declare for the engine to keep it coherent.
///
///     let subscription = try space.register(cache, over: range)
///     cache.guard.fault(at: page, walk: { lookUp(page) }, install: { table[page] = $0 })
public protocol TranslationCache: AnyObject, Sendable {
    associatedtype Guard: TranslationGuard

    /// How a fault and an invalidation of this cache meet.
    var `guard`: Guard { get }

    /// Its owner: the migrate and exclusive sections that name this owner pass the cache by, see
    /// ``Invalidation/owner``. Read once, at registration.
    var owner: InvalidationOwner? { get }

    /// Drop every translation of the range, which lies in the range that the cache is registered over. The guard calls
    /// this while it keeps installs of these pages out, when the subscription ends, and in a forked child, which starts
    /// with an empty cache. Must not sleep, fault or
    /// invalidate. If it invalidates, it traps, except at the end of a subscription to ranges.
    func drop(_ range: InvalidationRange)
}

extension TranslationCache {
    /// `nil`: no section passes it by.
    public var owner: InvalidationOwner? { nil }
}

extension AddressSpace {
    /// Adds a cache: a fault on the range that begins after the return, and before the end of the subscription,
    /// installs no translation that an invalidation has made stale. Faults on other pages are not protected.
    ///
    /// Never waits for a section. May be called anywhere. If sections are open now, faults install nothing until these
    /// have ended; under a guard that subscribes to ranges, until no section of the space is open. The guard decides in
    /// which half it subscribes. It serves one registration. Throws if the range goes beyond the guard's pages, if the
    /// guard has been registered before, or if the space has been released. Traps if a retrying guard was made for
    /// another space.
    public func register<Cache: TranslationCache>(
        _ cache: Cache, over range: InvalidationRange
    ) throws(RegistrationError) -> CacheSubscription {
        let translationGuard = cache.guard
        guard range.endPage <= translationGuard.pages else { throw .beyondGuard(pages: translationGuard.pages) }
        guard translationGuard.registration.take() else { throw .guardInUse }
        do throws(RegistrationError) {
            return try translationGuard.subscribe(cache, over: range, to: self)
        } catch {
            translationGuard.registration.giveBack()
            throw error
        }
    }

    /// Ends a cache's subscription and waits: after the return no callback of it runs or will run, faults answer
    /// ``FaultOutcome/Status/dead``, and the cache is empty. Traps inside a callback.
    ///
    /// If the guard subscribes to ranges, this waits for open sections: do not call it inside a section of the same
    /// thread. If the guard holds a lock across sections, this waits for those of other threads.
    public func unregister(_ subscription: CacheSubscription) {
        switch subscription.place {
        case .list(let entry, let endAtOnce):
            // Also gives up a section of this thread under a guard that holds a lock across it.
            _ = endAtOnce()
            unregister(entry)
        case .intervals(let intervals, let end):
            end()
            self.intervals.remove(intervals)
        }
    }

    /// ``unregister(_:)-(CacheSubscription)`` without the wait; may be called inside a callback. Faults that begin
    /// after the return are dead. Callbacks may go on until `completion` runs; then the cache is empty.
    public func unregisterDeferred(
        _ subscription: CacheSubscription, completion: @escaping @Sendable () -> Void = {}
    ) {
        switch subscription.place {
        case .list(let entry, let endAtOnce):
            if endAtOnce() { return unregisterDeferred(entry, completion: completion) }
            // Only another thread's section is left to wait for, and that thread may be waiting for this reader.
            RCU.afterGracePeriod { [list] in list.unregisterDeferred(entry, completion: completion) }
        case .intervals(let intervals, let end):
            end()
            self.intervals.removeDeferred(intervals, completion: completion)
        }
    }
}

/// A registered cache's place in a space. Hand it to ``AddressSpace/unregister(_:)-(CacheSubscription)`` to end it.
public struct CacheSubscription: Sendable {
    enum Place: Sendable {
        case list(Subscription, endAtOnce: @Sendable () -> Bool)
        case intervals([IntervalSubscription], end: @Sendable () -> Void)
    }

    let place: Place

    /// A place in the notifier list. `endAtOnce` ends the guard without waiting for a section, and returns whether no
    /// install can follow. It may be called several times.
    package init(_ subscription: Subscription, endAtOnce: @escaping @Sendable () -> Bool = { true }) {
        place = .list(subscription, endAtOnce: endAtOnce)
    }

    /// Places in the interval half. `end` ends the guard for good. It may be called several times, and is called before
    /// they are removed.
    @usableFromInline
    init(_ subscriptions: [IntervalSubscription], end: @escaping @Sendable () -> Void) {
        place = .intervals(subscriptions, end: end)
    }
}

extension AddressSpace {
    /// Adds a cache to the notifier list.
    @usableFromInline
    func register<Cache: TranslationCache, Guard: TranslationGuard & SectionObserver>(
        _ subscriber: CacheSubscriber<Cache, Guard>
    ) throws(RegistrationError) -> CacheSubscription {
        CacheSubscription(try register(subscriber as any InvalidationSubscriber)) {
            subscriber.end(mayWait: false)
        }
    }

    /// Adds a subscriber right behind a cache in the notifier list, whatever the addresses of the objects; by address
    /// if the cache is not in the list. So it is known which starts are undone if the subscriber fails.
    package func register(
        _ subscriber: any InvalidationSubscriber, behind cache: CacheSubscription
    ) throws(RegistrationError) -> CacheSubscription {
        guard case .list(let entry, _) = cache.place else { return CacheSubscription(try register(subscriber)) }
        return CacheSubscription(try register(subscriber, behind: entry))
    }
}

/// A cache in the notifier list. It passes on the part of an invalidation that lies in the cache's range.
///
/// The guard is the cache's own. It has a type parameter and a field here: to ask the cache each time would look up its
/// type, and count a reference on a cache line that every fault reads.
@usableFromInline
final class CacheSubscriber<Cache: TranslationCache, Guard: TranslationGuard & SectionObserver>: InvalidationSubscriber
{
    @usableFromInline
    let cache: Cache
    @usableFromInline
    let translationGuard: Guard
    @usableFromInline
    let range: InvalidationRange
    /// Whether ``end(mayWait:)`` is done.
    @usableFromInline
    let hasEnded = Atomic<Bool>(false)

    @inlinable
    init(_ cache: Cache, guard translationGuard: Guard, over range: InvalidationRange) {
        self.cache = cache
        self.translationGuard = translationGuard
        self.range = range
    }

    /// The cache's owner.
    @usableFromInline
    var owner: InvalidationOwner? { cache.owner }

    /// The guard's capabilities.
    @usableFromInline
    var capabilities: SubscriberCapabilities { Guard.capabilities }

    /// Makes the guard keep faults out and drop the translations.
    @inlinable
    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        guard let part = part(of: invalidation) else { return .done }
        return translationGuard.invalidationStarted(part) { drop($0) }
    }

    /// Lets faults in again.
    @inlinable
    func invalidationEnded(_ invalidation: Invalidation) {
        guard let part = part(of: invalidation) else { return }
        translationGuard.invalidationEnded(part)
    }

    /// Drops translations while the guard keeps their installs out.
    @inlinable @inline(__always)
    func drop(_ range: InvalidationRange) {
        InstallSection.enter()
        cache.drop(range)
        InstallSection.leave()
    }

    /// Ends the guard and empties the cache, as a section that the guard alone is told of: so the drop excludes other
    /// drops, and comes after the installs that were under way. Returns `false` if it would have to wait for another
    /// thread's section and may not; then the guard is dead, and the cache may not be empty.
    @usableFromInline
    func end(mayWait: Bool) -> Bool {
        // Acquiring: the drop comes before what follows (pairs with the store).
        guard !hasEnded.load(ordering: .acquiring) else { return true }
        translationGuard.markDead()
        let last = Invalidation(range: range, event: .release, isBlockable: mayWait)
        guard
            mayWait || Guard.capabilities.isDisjoint(with: .mayWaitForSections)
                || Guard.capabilities.contains(.mayWouldBlock),
            translationGuard.invalidationStarted(last, teardown: { drop($0) }) == .done
        else { return false }
        translationGuard.invalidationEnded(last)
        hasEnded.store(true, ordering: .releasing)
        return true
    }

    @usableFromInline
    func released() {
        let isDone = end(mayWait: true)
        precondition(isDone, "the end of a subscription waits for a section inside a callback or read section")
    }

    /// The guard as new; with nobody about, drops everything.
    @usableFromInline
    func processForked() {
        translationGuard.resetAfterFork()
        drop(range)
    }

    @usableFromInline
    func coverStarted() { translationGuard.coverStarted(range) { drop($0) } }

    @usableFromInline
    func coverEnded() { translationGuard.coverEnded(range) }

    /// The part of an invalidation that lies in the cache's range; `nil` if no part does.
    @inlinable @inline(__always)
    func part(of invalidation: Invalidation) -> Invalidation? {
        if range.startPage <= invalidation.range.startPage, invalidation.range.endPage <= range.endPage {
            return invalidation
        }
        return invalidation.limited(to: range)
    }
}
