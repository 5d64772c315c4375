import Synchronization

/// How a read of an interval subscription begins. The two that there are differ in what they cost; both are safe.
public protocol IntervalReadBegin: Sendable {
    /// Whether it looks at the sequences without the space's spin lock.
    static var isLockFree: Bool { get }
}

/// As Linux does it: both sequences under the space's spin lock, which every start and end takes too.
public enum LockedReadBegin: IntervalReadBegin {
    @inlinable
    public static var isLockFree: Bool { false }
}

/// The subscription's sequence first, then the space's, both with acquire.
public enum LockFreeReadBegin: IntervalReadBegin {
    @inlinable
    public static var isLockFree: Bool { true }
}

extension IntervalNotifierSet {
    /// Begins a read where no section over the node's range is open; `nil` where one is or the subscription is over.
    @inlinable @inline(__always)
    func readBeginIfIdle<Begin: IntervalReadBegin>(
        _ node: UnsafeMutablePointer<IntervalNode>, _: Begin.Type
    ) -> IntervalSubscription.Ticket? {
        let (own, space) = Begin.isLockFree ? sequencesLockFree(node) : sequencesLocked(node)
        guard own != space, own & IntervalNode.deadBit == 0 else { return nil }
        return IntervalSubscription.Ticket(sequence: own)
    }

    @inlinable @inline(__always)
    func sequencesLocked(_ node: UnsafeMutablePointer<IntervalNode>) -> (own: UInt64, space: UInt64) {
        state.pointee.lock.lock()
        // Relaxed, both: a value of the space's own is written by callbacks whose start held this lock before, so with
        // it held the space's is at least as new; and the end of a section releases the change of the pages by it.
        let own = node.pointee.sequence.load(ordering: .relaxed)
        let space = state.pointee.sequence.load(ordering: .relaxed)
        state.pointee.lock.unlock()
        return (own, space)
    }

    /// The order matters. The other way round, with the outcome that must not be:
    ///
    ///     fault                                   invalidation
    ///     space's sequence -> 6, idle
    ///                                             space's sequence = 7; own = 7; tear down
    ///     own sequence -> 7, differs from 6
    ///     walk -> the old page                    change the pages
    ///     own sequence still 7: install, stale
    @inlinable @inline(__always)
    func sequencesLockFree(_ node: UnsafeMutablePointer<IntervalNode>) -> (own: UInt64, space: UInt64) {
        // Acquiring: the space's is loaded after it, and is not older than it (pairs with record).
        let own = node.pointee.sequence.load(ordering: .acquiring)
        // Acquiring: where it has moved on from one's own, the walk sees the changes of the sections that moved it
        // (pairs with the exchange in closeHalf, and with the stores that make it odd again).
        let space = state.pointee.sequence.load(ordering: .acquiring)
        return (own, space)
    }

    /// See ``IntervalSubscription/readBegin(until:)``.
    @inlinable @inline(__always)
    func readBegin<Begin: IntervalReadBegin>(
        _ node: UnsafeMutablePointer<IntervalNode>, _: Begin.Type, until deadline: Deadline
    ) -> ReadBegin<IntervalSubscription.Ticket> {
        let (own, space) = Begin.isLockFree ? sequencesLockFree(node) : sequencesLocked(node)
        guard own != space, own & IntervalNode.deadBit == 0 else {
            return readBeginSlow(node, own: own, space: space, until: deadline)
        }
        return .ticket(IntervalSubscription.Ticket(sequence: own))
    }

    /// The rest of a beginning that found these sequences: a section over the range is open, or the subscription is over.
    @usableFromInline @inline(never)
    func readBeginSlow(
        _ node: UnsafeMutablePointer<IntervalNode>, own: UInt64, space: UInt64, until deadline: Deadline
    ) -> ReadBegin<IntervalSubscription.Ticket> {
        if own == space, !waitForEnd(of: own, of: node, until: deadline) { return node.pointee.isDead ? .dead : .busy }
        // Also after a wait, which ends when the subscription does.
        return node.pointee.isDead ? .dead : .ticket(IntervalSubscription.Ticket(sequence: own))
    }
}
