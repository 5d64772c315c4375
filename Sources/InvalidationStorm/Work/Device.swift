import NotifierDispatch

/// The device of a run: one shadow table, and in each life of the space a fresh guard for it.
///
/// A faulter keeps to one ``GuardedCache`` for as long as that serves it, and fetches the next one when it is over:
///
///     invalidator                               faulter
///     release: guard dead, table empty          a fault on the old cache: dead
///     change; check that nothing is visible     fetch: still the old one, again
///     new space, new guard, subscribe it
///     publish the new cache                     fetch: the new one; fault on
///     Outcome: nothing is installed between release and publication.
///
/// The guard that protects nothing never says that it is over, so its faulters stay with their first cache: the shadow
/// table is the same.
@usableFromInline
final class Device<Guard: TranslationGuard>: AttachableDevice, @unchecked Sendable {
    // @unchecked: `current` is only touched with `publication` held.

    /// The translations it holds, in all lives.
    @usableFromInline
    let shadow: ShadowTable
    /// What its faults do besides the protocol.
    @usableFromInline
    let work: DriverWork
    private let makeGuard: @Sendable (StormSpace) -> Guard
    private let publication = PthreadMutex()
    private var current: GuardedCache<Guard>?

    /// A device for the spaces of `pageTable`, whose faults do `work`; `makeGuard` builds the guard of each life.
    @usableFromInline
    init(pageTable: PageTable, work: DriverWork = .none, makeGuard: @escaping @Sendable (StormSpace) -> Guard) {
        shadow = ShadowTable(pageTable: pageTable)
        self.work = work
        self.makeGuard = makeGuard
    }

    /// The cache that was published last.
    @usableFromInline
    var cache: GuardedCache<Guard> {
        publication.lock()
        defer { publication.unlock() }
        guard let current else { preconditionFailure("a device was used before it was attached to a space") }
        return current
    }

    @usableFromInline
    func attach(to space: StormSpace) throws(RegistrationError) -> CacheSubscription {
        let cache = GuardedCache(space: space, guard: makeGuard(space), shadow: shadow, work: work)
        let subscription = try space.notifiers.register(cache, over: space.pageTable.wholeRange)
        publication.lock()
        current = cache
        publication.unlock()
        return subscription
    }
}

/// A device as its space sees it, whatever the guard's type.
@usableFromInline
protocol AttachableDevice: AnyObject, Sendable {
    /// The translations it holds, in all lives.
    var shadow: ShadowTable { get }

    /// What its faults do besides the protocol.
    var work: DriverWork { get }

    /// Begins a life: makes a fresh guard for `space`, subscribes to it, and lets faults go to it.
    func attach(to space: StormSpace) throws(RegistrationError) -> CacheSubscription
}
