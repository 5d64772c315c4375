/// A subscriber of which an address space has at most one: the users of a driver in one process share it.
///
/// The type takes the part of Linux's `struct mmu_notifier_ops`: ``Subscriptions/get(_:)`` finds the one of this type,
/// or makes it. Source: `mmu_notifier_get`, Gunthorpe, linux-mm, August 2019.
public protocol SharedSubscriber: InvalidationSubscriber {
    /// Makes the one of `space`, which is registered right after. Must not get another one of this space: that would
    /// wait for itself, and traps. One that keeps `space` keeps it alive until the last put.
    init(space: Subscriptions) throws

    /// Nobody uses it any more, and no callback of it runs or will run: give back what it holds.
    ///
    /// Runs exactly once for each object made, also where its registration was refused, on liburcu's thread, which frees
    /// nothing else meanwhile. Must not enter a read section, get, put or synchronize.
    func free()
}

extension Subscriptions {
    /// The subscriber of this type, with one user more: registers a new one where there is none, or where the last one
    /// has been put. Each get needs its own ``put(_:)``, also after ``release()``. Of concurrent calls one makes it.
    ///
    /// Throws what `init` and ``register(_:)`` throw, and ``RegistrationError/released`` after ``release()``. Traps
    /// inside a callback or read section. Not to be called inside a section of this space: like ``register(_:)``, it
    /// would wait for itself.
    public func get<Subscriber: SharedSubscriber>(_ type: Subscriber.Type) throws -> Subscriber {
        try sharedSubscribers.get(type, in: self)
    }

    /// Takes one user away. The last one ends the subscription; ``SharedSubscriber/free()`` runs after a grace period.
    ///
    /// Never waits (invariant 35): may be called in a section and inside callbacks, also its own. The last one calls
    /// ``InvalidationSubscriber/released()``, unless ``release()`` has. Traps where there is no user left to take away.
    public func put<Subscriber: SharedSubscriber>(_ subscriber: Subscriber) {
        guard let subscription = sharedSubscribers.removeUser(of: subscriber) else { return }
        unregisterDeferred(subscription) { subscriber.free() }
    }

    /// Waits until every ``SharedSubscriber/free()`` that is owed to an earlier put, of any space, has returned
    /// (invariant 24), not only for their grace period. To be called before what they use goes away.
    ///
    /// Traps inside a callback or read section. Must not be called in `free()`.
    public static func synchronize() { RCU.barrier() }
}
