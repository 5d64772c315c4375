import Synchronization

/// A fault in steps, for callers that cannot hand over their walk as a closure, such as C. It is
/// ``fault(at:walk:into:)`` taken apart:
///
///     ticket = beginIfIdle(at: page)                           no ticket: retries = makeRetries(collisions: 0)
///     walk                                                                ticket = begin(at: page, &retries)
///     install(translation, into: slot, ticket, at: page)       collided:  retries = makeRetries(collisions: 1), or
///                                                                         retries.collided(), where there are some
///     endRetries(retries), if there are some, also if the fault ends without an install
///
/// The caller keeps the ticket and the retries between the steps. Both are words, which may be copied bit by bit, but each
/// counts once. The steps of one fault are on one thread: a ticket may hold the slot of its thread. Between `begin` and
/// `install` the thread holds no lock of the engine's, and the walk may do what a walk may do.
extension RetryingGuard where Scheme: ~Copyable {
    /// Begins a fault. Returns `nil` if it would have to wait, or if the subscription is over.
    @inlinable @inline(__always)
    package func beginIfIdle(at page: Int) -> Scheme.Ticket? { scheme.readBeginIfIdle(at: page) }

    /// What a fault holds from its first wait or collision on.
    package func makeRetries(collisions: UInt32) -> FaultRetries {
        FaultRetries(collisions: collisions, budget: budget)
    }

    /// Begins a fault, or a further walk of it, and waits no longer than its budget. Returns `nil` if it is over: the
    /// status is in `retries` then, which must be ended.
    @inlinable
    package func begin(at page: Int, _ retries: inout FaultRetries) -> Scheme.Ticket? { nextTicket(at: page, &retries) }

    /// Stores the translation, unless the walk must be thrown away. Returns whether it did. An install that waited for
    /// its lock has not collided.
    @inlinable @inline(__always)
    package func install(
        _ translation: UInt64, into slot: UnsafeMutablePointer<Atomic<UInt64>>, _ ticket: Scheme.Ticket, at page: Int
    ) -> Bool { scheme.install(translation, into: slot, ticket, at: page) != nil }

    /// Whether the walk of this ticket is in vain already. A hint: after `false`, the install may be refused.
    @inlinable @inline(__always)
    package func hasCollided(_ ticket: Scheme.Ticket, at page: Int) -> Bool { scheme.hasCollided(ticket, at: page) }

    /// Ends what a fault has held since its first wait or collision.
    package func endRetries(_ retries: FaultRetries) { _ = end(retries) }
}
