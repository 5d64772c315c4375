import Synchronization

/// One interval subscription as readers, callbacks and the tree see it. Reached through pointers only.
///
/// Legal states of `sequence`, which is odd at all times (invariant 12):
///
///     value             meaning                                    written by
///     the space's own   a section over the range is open           a start's callback; insertion inside a section
///     below it, odd     none is open that the subscription knows   the same, earlier; insertion while idle
///     dead bit set      the subscription is over                   markReleased(); removal, after the last callback
@usableFromInline
struct IntervalNode: ~Copyable {
    /// Where a node is with respect to its set. Written with the set's lock held.
    enum Place {
        /// Not in the set: not yet, or no more.
        case outside
        /// To be put into the tree when the last section ends.
        case awaitingInsertion
        /// In the tree.
        case inTree
        /// In the tree, to be taken out when the last section ends; whoever removes it waits for that.
        case awaitingRemoval
        /// The same, and nobody waits: whoever ends the section disposes of it.
        case awaitingDisposal
    }

    /// A node is on one line of its own.
    @usableFromInline
    static var stride: Int { CacheLineArray<IntervalNode>.lineSize }
    @usableFromInline
    static var deadBit: UInt64 { 1 << 63 }

    /// Written with the readers' lock held (invariant 13); loaded without it by readBegin.
    @usableFromInline
    let sequence = Atomic<UInt64>(1)
    /// The readers' lock, for those that bring none of their own.
    @usableFromInline
    let lock = SmallLock()

    let startPage: Int
    let endPage: Int
    /// The largest `endPage` in this node's subtree. Like everything below: see ``IntervalTree``.
    var maximumEnd = 0
    var height: Int32 = 0
    var place = Place.outside
    var left: UnsafeMutablePointer<IntervalNode>?
    var right: UnsafeMutablePointer<IntervalNode>?
    /// The neighbours in the list of what waits for the last end.
    var previousDeferred: UnsafeMutablePointer<IntervalNode>?
    var nextDeferred: UnsafeMutablePointer<IntervalNode>?
    /// The set's hold on the subscription, and so on the subscriber; from insertion until it is outside again.
    var subscription: Unmanaged<IntervalSubscription>?
    /// The subscriber, which the subscription holds, and its type: as in ``NotifierNode``.
    var subscriber: UnsafeRawPointer?
    var type: (any IntervalSubscriber.Type)?
    /// Whom the subscriber belongs to; 0 for nobody.
    var owner: UInt32 = 0

    init(_ range: InvalidationRange) {
        startPage = range.startPage
        endPage = range.endPage
    }

    var range: InvalidationRange { InvalidationRange(start: startPage, end: endPage) }

    /// Whether the subscription is over. With the readers' lock held, the answer stays right until it is given back.
    @inlinable @inline(__always)
    var isDead: Bool { sequence.load(ordering: .relaxed) & Self.deadBit != 0 }

    /// With the readers' lock held.
    @inlinable @inline(__always)
    func readRetry(_ ticket: IntervalSubscription.Ticket) -> Bool {
        // Relaxed: written with the lock held, which this thread holds.
        sequence.load(ordering: .relaxed) != ticket.sequence
    }

    /// With the readers' lock held, by a callback: readers that began before it will retry, new ones wait.
    @inlinable @inline(__always)
    func record(_ newSequence: UInt64) {
        assert(newSequence & 1 != 0, "a sequence that is handed to a callback is odd")
        guard !isDead else { return }
        // Releasing: the space's own sequence was set to this before; pairs with the acquiring load of a lock-free
        // readBegin, which must not see this value and then an older one of the space.
        sequence.store(newSequence, ordering: .releasing)
    }

    /// The subscription is over. With the readers' lock held, or when no callback can run any more.
    @usableFromInline
    func markDead() {
        // Sequentially consistent: the sleepers' condition reads it (see WaitQueue).
        sequence.bitwiseOr(Self.deadBit, ordering: .sequentiallyConsistent)
    }
}

/// The memory of the nodes of one or several subscriptions.
@usableFromInline
final class IntervalNodes: @unchecked Sendable {
    // @unchecked: what a node may be used for, and by whom, is its own affair.
    @usableFromInline
    let nodes: CacheLineArray<IntervalNode>

    init(_ ranges: [InvalidationRange]) {
        precondition(MemoryLayout<IntervalNode>.size <= IntervalNode.stride)
        var remaining = ranges.makeIterator()
        nodes = CacheLineArray(count: ranges.count) {
            guard let range = remaining.next() else { preconditionFailure("more nodes than ranges") }
            return IntervalNode(range)
        }
    }

    /// The address of a node, whose index must be in range.
    @inlinable @inline(__always)
    func node(_ index: Int) -> UnsafeMutablePointer<IntervalNode> {
        precondition(index >= 0 && index < nodes.count, "a page lies beyond those the guard was made for")
        return (nodes.base + index &* IntervalNode.stride).assumingMemoryBound(to: IntervalNode.self)
    }
}
