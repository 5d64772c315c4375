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
    /// guard while it keeps installs of these pages out, when the subscription ends, and in a forked child, which starts
    /// with an empty cache. Must not sleep, fault or invalidate; one that invalidates traps.
    func drop(_ range: InvalidationRange)
}

extension TranslationCache {
    /// Nobody: no section passes it by.
    public var owner: InvalidationOwner? { nil }
}

extension AddressSpace {
    /// Adds a cache: a fault on the range that begins after the return, and before the end of the subscription, installs
    /// no translation that an invalidation has made stale. Faults on other pages are not protected.
    ///
    /// Never waits for a section, and may be called anywhere. If sections are open now, faults install nothing until
    /// these have ended; newer ones keep out the faults of their own pages only. The guard decides in which half it
    /// subscribes; it serves one registration. Throws if the range goes beyond the guard's pages, if the guard has been
    /// registered before, and if the space has been released. Traps if the guard was made for another space.
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
    /// ``FaultOutcome/Status/dead``, and nothing is left in it. Traps inside a callback.
    ///
    /// With guards that subscribe to ranges it waits for open sections, so not inside one of one's own. With guards that
    /// hold a lock across sections it waits for those of other threads.
    public func unregister(_ subscription: CacheSubscription) {
        switch subscription.place {
        case .list(let entry, _): unregister(entry)
        case .intervals(let intervals, let end):
            end()
            self.intervals.remove(intervals)
        }
    }

    /// ``unregister(_:)-(CacheSubscription)`` without the wait, also inside a callback: faults that begin after the return
    /// are dead, callbacks may go on until `completion` runs. Then nothing is left in the cache.
    public func unregisterDeferred(
        _ subscription: CacheSubscription, completion: @escaping @Sendable () -> Void = {}
    ) {
        switch subscription.place {
        case .list(let entry, let markDead):
            markDead()
            guard entry.node.pointee.mayWaitForSections else {
                return unregisterDeferred(entry, completion: completion)
            }
            // What is left to wait for may be another thread's section, which may be waiting for this reader.
            RCU.afterGracePeriod { [list] in list.unregisterDeferred(entry, completion: completion) }
        case .intervals(let intervals, let end):
            end()
            self.intervals.removeDeferred(intervals, completion: completion)
        }
    }
}

/// A registered cache's place in a space; hand it to ``AddressSpace/unregister(_:)-(CacheSubscription)`` to end it.
public struct CacheSubscription: Sendable {
    enum Place: Sendable {
        case list(Subscription, markDead: @Sendable () -> Void)
        case intervals([IntervalSubscription], end: @Sendable () -> Void)
    }

    let place: Place

    /// One in the notifier list. `markDead` ends the guard without waiting for a section; it is called once or more.
    init(_ subscription: Subscription, markDead: @escaping @Sendable () -> Void = {}) {
        place = .list(subscription, markDead: markDead)
    }

    /// Several in the interval half. `end` makes the guard give up for good; it is called once or more, before they are
    /// removed.
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
            subscriber.translationGuard.markDead()
        }
    }

    /// Adds a subscriber right behind a cache in the notifier list, wherever the objects lie; anywhere where the cache is
    /// not in the list. So what is to be undone when it fails is known.
    package func register(
        _ subscriber: any InvalidationSubscriber, behind cache: CacheSubscription
    ) throws(RegistrationError) -> CacheSubscription {
        guard case .list(let entry, _) = cache.place else { return CacheSubscription(try register(subscriber)) }
        return CacheSubscription(try register(subscriber, behind: entry))
    }
}

/// A cache in the notifier list: passes on what touches its range, and only that part of it.
///
/// The guard is the cache's own. It has a type parameter and a place here, since to ask the cache each time would mean to
/// look its type up, and to count a reference on a line that every fault reads.
@usableFromInline
final class CacheSubscriber<Cache: TranslationCache, Guard: TranslationGuard & SectionObserver>: InvalidationSubscriber
{
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

    /// Ends the guard; with no install possible any more, drops everything.
    @usableFromInline
    func released() {
        translationGuard.markDead()
        translationGuard.waitForInstalls()
        drop(range)
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

    /// What concerns the cache; `nil` where nothing does.
    @inlinable @inline(__always)
    func part(of invalidation: Invalidation) -> Invalidation? {
        if range.startPage <= invalidation.range.startPage, invalidation.range.endPage <= range.endPage {
            return invalidation
        }
        return invalidation.limited(to: range)
    }
}
