import Synchronization

/// The shared subscribers of one space, by type, and how many users each has.
///
/// There are two locks, since a subscriber's `init` is the driver's code and may take its time, and a put inside a
/// callback must not wait for it (invariant 35):
///
///     lock    taken by   held over
///     making  get        an init and a registration, so that concurrent gets make one; callbacks cannot get
///     table   get, put   looking up and counting; no thread waits with it held
///
/// The race of a get with the last put:
///
///     last put                                     get
///     table: no users are left; remove the entry
///                                                  table: no entry; make and register another one; table: new entry
///     end the old subscription, deferred; free
///     Outcome: get returns the old one, and then that put was not the last; or a fresh one, while the old one is
///     still being told of its end. Never one that is about to be freed.
final class SharedSubscribers: @unchecked Sendable {
    // @unchecked: `entries` and `isReleased` are only touched with `table` held.

    /// A subscriber that has users.
    private struct Entry {
        let subscriber: AnyObject
        let subscription: Subscription
        var users = 1
    }

    private let making = PthreadMutex()
    /// The index of the thread that holds `making`, or -1. It shows that an init calls get.
    private let maker = Atomic<Int32>(-1)
    let table = SmallLock()
    private var entries: [ObjectIdentifier: Entry] = [:]
    private var isReleased = false

    /// See ``AddressSpace/get(_:)``.
    func get<Subscriber: SharedSubscriber>(_ type: Subscriber.Type, in space: AddressSpace) throws -> Subscriber {
        let me = Int32(ThreadRegistration.registeredIndex)
        precondition(!RCU.isReading, "get inside a callback or read section can wait for itself")
        NotifierCallbacks.trapInside("get inside a callback or read section can wait for itself")
        // Relaxed: only this thread writes its own index there.
        precondition(
            maker.load(ordering: .relaxed) != me,
            "a shared subscriber's init gets another one: it would wait for itself")
        if let subscriber = try addUser(of: type) { return subscriber }
        SmallLock.assertNoneHeld()
        making.lock()
        maker.store(me, ordering: .relaxed)
        defer {
            maker.store(-1, ordering: .relaxed)
            making.unlock()
        }
        // Another thread may have made it while this thread waited.
        if let subscriber = try addUser(of: type) { return subscriber }
        let subscriber = try type.init(space: space)
        do {
            insert(Entry(subscriber: subscriber, subscription: try space.register(subscriber)))
        } catch {
            RCU.afterGracePeriod { subscriber.free() }
            throw error
        }
        return subscriber
    }

    /// Takes one user away. Returns the subscription to end if that was the last one.
    func removeUser(of subscriber: some SharedSubscriber) -> Subscription? {
        let type = ObjectIdentifier(Swift.type(of: subscriber))
        table.lock()
        defer { table.unlock() }
        guard var entry = entries[type], entry.subscriber === subscriber else {
            fatalError("a shared subscriber was put more often than it was got from this space")
        }
        entry.users -= 1
        entries[type] = entry.users > 0 ? entry : nil
        return entry.users > 0 ? nil : entry.subscription
    }

    /// In a forked child, with `table` held by this thread: whoever was making a subscriber is no more.
    func resetAfterFork() {
        table.resetAfterFork()
        making.resetAfterFork()
        maker.store(-1, ordering: .relaxed)
    }

    /// The space is released: from now on every get throws.
    func release() {
        table.lock()
        isReleased = true
        table.unlock()
    }

    /// The subscriber of this type, with one user more; `nil` if there is none.
    private func addUser<Subscriber: SharedSubscriber>(of type: Subscriber.Type) throws(RegistrationError)
        -> Subscriber?
    {
        table.lock()
        defer { table.unlock() }
        guard !isReleased else { throw .released }
        guard var entry = entries[ObjectIdentifier(type)] else { return nil }
        entry.users += 1
        entries[ObjectIdentifier(type)] = entry
        // Safe: each entry is stored under its subscriber's type.
        return unsafeDowncast(entry.subscriber, to: Subscriber.self)
    }

    private func insert(_ entry: Entry) {
        table.lock()
        defer { table.unlock() }
        entries[ObjectIdentifier(type(of: entry.subscriber))] = entry
    }
}

/// A subscriber of which an address space has at most one: the users of a driver in one process share it.
///
/// The type stands for Linux's `struct mmu_notifier_ops`: ``AddressSpace/get(_:)`` finds the subscriber of this type,
/// or makes it. Source: `mmu_notifier_get`, Gunthorpe, linux-mm, August 2019.
public protocol SharedSubscriber: InvalidationSubscriber {
    /// Makes the one of `space`, which is registered right after. Must not get another one of this space: that would
    /// wait for itself, and traps. If it keeps `space`, it keeps it alive until the last put.
    init(space: AddressSpace) throws

    /// It has no users any more, and no callback of it runs or will run: give back what it holds.
    ///
    /// Runs exactly once for each object made, also if its registration was refused, on liburcu's thread, which frees
    /// nothing else meanwhile. It may put. It must not wait, so it must not get or synchronize.
    func free()
}

extension AddressSpace {
    /// The subscriber of this type, with one user more. Registers a new one if there is none, or if the last one has
    /// been put. Each get needs its own ``put(_:)``, also after ``release()``. If several threads call this at once,
    /// one makes it and the others wait for that.
    ///
    /// Throws what `init` and ``register(_:)`` throw, and ``RegistrationError/released`` after ``release()``. Traps
    /// inside a callback or read section. Does not wait for sections, unless an `init` does.
    public func get<Subscriber: SharedSubscriber>(_ type: Subscriber.Type) throws -> Subscriber {
        try sharedSubscribers.get(type, in: self)
    }

    /// Takes one user away. The last one ends the subscription; ``SharedSubscriber/free()`` runs after a grace period.
    ///
    /// May be called in a section and inside callbacks, also its own (invariant 35). The last one calls
    /// ``InvalidationSubscriber/released()``, unless ``release()`` has; if ``release()`` is just calling it, waits for
    /// that. Traps if there is no user left to take away.
    public func put<Subscriber: SharedSubscriber>(_ subscriber: Subscriber) {
        guard let subscription = sharedSubscribers.removeUser(of: subscriber) else { return }
        unregisterDeferred(subscription) { subscriber.free() }
    }

    /// Waits until every ``SharedSubscriber/free()`` that is owed to an earlier put, of any space, has returned
    /// (invariant 24), not only for their grace period. Call it before what they use goes away.
    ///
    /// Traps inside a callback or read section. Must not be called in `free()`.
    public static func synchronize() { RCU.barrier() }
}
