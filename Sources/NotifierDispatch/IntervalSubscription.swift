import Synchronization

/// One range of a space that somebody holds translations of, and the sequence by which its faults find out that they
/// collided with an invalidation. It corresponds to `struct mmu_interval_notifier` of Linux.
///
///     readBegin -> ticket; walk; lock; readRetry(ticket)? unlock, again : install; unlock
///
/// The lock is the one that the subscriber's callback takes to record the sequence: this object's own (``lock()``), or
/// any other. It makes the race safe:
///
///     fault                                     invalidation
///     ticket = own sequence                     space's sequence becomes odd, unless it is already
///     own sequence == the space's? wait         lock; own sequence = the space's; tear down; unlock
///     walk                                      change the pages
///     lock; own sequence == ticket? install     last one: the space's sequence becomes even; wake
///     Outcome: never an install of a value from before the change after the teardown.
///
/// The two locked sections come in some order. If the install is first, the teardown removes it. If the teardown is
/// first, the check sees another sequence than the ticket, or the ticket was taken after the teardown; then the fault
/// has waited for the space's sequence to move, which releases the change of the pages to the walk.
public final class IntervalSubscription: @unchecked Sendable {
    // @unchecked: the node's fields say under which lock they are; `subscriber` and `completion` are under the set's, and
    // alone with whoever lets go of them once the node is outside.

    /// What a reader holds between begin and retry.
    public struct Ticket: Hashable, Sendable {
        @usableFromInline
        let sequence: UInt64

        @usableFromInline
        init(sequence: UInt64) { self.sequence = sequence }
    }

    /// What is watched.
    public let range: InvalidationRange
    /// Held, so that the set outlives its readers.
    @usableFromInline
    let set: IntervalNotifiers
    @usableFromInline
    let node: UnsafeMutablePointer<IntervalNode>
    private let memory: IntervalNodes
    /// The subscriber, from insertion until it is outside again.
    var subscriber: (any IntervalSubscriber)?
    /// Runs when a removal that nobody waits for is done.
    var completion: (@Sendable () -> Void)?

    /// A subscription that is not in the set yet: faults under it are not protected.
    public convenience init(over range: InvalidationRange, in set: IntervalNotifiers) {
        self.init(index: 0, of: IntervalNodes([range]), in: set)
    }

    init(index: Int, of memory: IntervalNodes, in set: IntervalNotifiers) {
        self.memory = memory
        self.set = set
        node = memory.node(index)
        range = node.pointee.range
    }

    // MARK: Readers

    /// Begins an optimistic read as Linux does, under the space's spin lock: returns at once where no section over the
    /// range is open; else waits for the last section of the space to end, or for the deadline. It waits once and does
    /// not look again, so that the caller keeps one deadline over all its attempts.
    @inlinable @inline(__always)
    public func readBegin(until deadline: Deadline) -> ReadBegin<Ticket> {
        set.readBegin(node, LockedReadBegin.self, until: deadline)
    }

    /// ``readBegin(until:)`` without the spin lock.
    @inlinable @inline(__always)
    public func readBeginLockFree(until deadline: Deadline) -> ReadBegin<Ticket> {
        set.readBegin(node, LockFreeReadBegin.self, until: deadline)
    }

    /// Whether the ticket's walk must be thrown away: `true` means retry. To be asked with the readers' lock held; once
    /// true for a ticket it stays true (invariant 9).
    @inlinable @inline(__always)
    public func readRetry(_ ticket: Ticket) -> Bool { node.pointee.readRetry(ticket) }

    /// ``readRetry(_:)`` without the lock, to save taking it in vain: may miss a collision, never invents one
    /// (invariant 10). A `false` must be followed by the check under the lock.
    public func checkRetry(_ ticket: Ticket) -> Bool {
        // Relaxed: a hint; the check under the lock decides.
        node.pointee.sequence.load(ordering: .relaxed) != ticket.sequence
    }

    /// Takes the readers' lock. Nothing under it may sleep.
    @inlinable @inline(__always)
    public func lock() { node.pointee.lock.lock() }

    /// Gives the readers' lock back.
    @inlinable @inline(__always)
    public func unlock() { node.pointee.lock.unlock() }

    // MARK: The subscriber

    /// For the subscriber's callback, with the readers' lock held: readers that began before it will retry, and new
    /// ones wait. Every callback must, unless it would block; it traps later where one did not.
    @inlinable @inline(__always)
    public func record(_ sequence: UInt64) {
        precondition(sequence & 1 != 0, "this is not a sequence that a callback was handed: it is even")
        node.pointee.record(sequence)
    }

    /// With the readers' lock held: from now on nothing may be installed, and readers are told so. For a callback whose
    /// event is ``InvalidationEvent/release``, and before the subscription is removed while faults may go on.
    public func markDead() { node.pointee.markDead() }
}

/// One interval subscription as readers, callbacks and the tree see it. Reached through pointers only.
///
/// Legal states of `sequence`, which is odd at all times (invariant 12):
///
///     value             meaning                                    written by
///     the space's own   a section over the range is open           a start's callback; insertion inside a section
///     below it, odd     none is open that the subscription knows   the same, earlier; insertion while idle
///     dead bit set      the subscription is over                   markDead(); removal, after the last callback
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

    /// In a forked child: the readers' lock is free, and no ticket of the parent's is good any more. `sequence` is odd, and
    /// newer than any that the parent handed out.
    func resetAfterFork(sequence newSequence: UInt64) {
        lock.resetAfterFork()
        // Relaxed: there is one thread.
        sequence.store(sequence.load(ordering: .relaxed) & Self.deadBit | newSequence, ordering: .relaxed)
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

extension IntervalNotifiers {
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

/// The outcome of a `readBegin`.
public enum ReadBegin<Ticket: Sendable>: Sendable {
    /// Walk, then ask `readRetry` under the lock of the install section.
    case ticket(Ticket)
    /// The deadline passed while a section kept readers out.
    case busy
    /// The subscription is over: nothing may be installed any more.
    case dead
}
