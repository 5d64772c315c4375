import Synchronization

/// Faults without a lock, each with one locked exchange on a line of its own thread: ``AsymmetricScheme`` in which each
/// side pays for itself. An invalidation interrupts nobody. For many faulters with frequent invalidations.
public typealias FencedScheme = PublishingScheme<LockedExchange>

/// Faults that publish with one locked exchange on their own line, and invalidations that look at those lines.
public typealias FencedGuard = RetryingGuard<FencedScheme>

/// A barrier for which both sides pay: a locked exchange on the fault's side, a fence on the section's. The race, with the
/// outcome that it must have: at least one side sees the other.
///
///     fault                               section
///     exchange my slot, page  (seq_cst)   raise the word
///     load the word           (seq_cst)   fence           (seq_cst)
///                                         load the slot   (acquire)
///
/// Exchange, load and fence happen in one order. If the load does not see the raise, it comes before the fence in that
/// order, and so does the exchange: the section finds the page. On x86-64 the exchange is the fence, and the load is a
/// plain one. On Arm the load must not be a mere acquire, which may overtake the exchange's store.
public struct LockedExchange: PublicationBarrier {
    public init() {}

    @inlinable @inline(__always)
    public func publish(
        _ pages: PublishedPages, in slot: PublicationSlot, thenLoad word: borrowing Atomic<UInt64>
    ) -> UInt64 {
        slot.publishExchanging(pages)
        // Sequentially consistent: see above. It acquires, too: the install comes after it.
        return word.load(ordering: .sequentiallyConsistent)
    }

    public func heavy() { atomicMemoryFence(ordering: .sequentiallyConsistent) }
}
