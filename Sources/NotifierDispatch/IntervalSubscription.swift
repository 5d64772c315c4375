import Synchronization

/// One range of a space, and the sequence by which its faults find out that they collided with an invalidation. It
/// corresponds to `struct mmu_interval_notifier` of Linux.
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
///     Outcome: no value from before the change is installed after the teardown.
///
/// The two locked sections come in some order. If the install is first, the teardown removes it. If the teardown is
/// first, the check sees another sequence than the ticket, or the ticket was taken after the teardown. In the second
/// case the fault has waited for the space's sequence to change, which releases the change of the pages to the walk.
public final class IntervalSubscription: @unchecked Sendable {
    // @unchecked: the node's fields say under which lock they are. `subscriber` and `completion` are under the set's,
    // except before insertion and once the node is outside: then one thread alone inserts or disposes of it.

    /// What a reader holds between begin and retry.
    public struct Ticket: Hashable, Sendable, BitwiseCopyable {
        @usableFromInline
        let sequence: UInt64

        @usableFromInline
        init(sequence: UInt64) { self.sequence = sequence }
    }

    /// The pages that are watched.
    public let range: InvalidationRange
    /// Held, so that the set outlives its readers.
    @usableFromInline
    let set: IntervalNotifiers
    @usableFromInline
    let node: UnsafeMutablePointer<IntervalNode>
    private let memory: IntervalNodes
    /// The subscriber, from insertion until the node is outside again.
    var subscriber: (any IntervalSubscriber)?
    /// Runs when a deferred removal is done.
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

    /// Begins an optimistic read as Linux does, under the space's spin lock. Returns at once if no section over the
    /// range is open. Otherwise waits for the last section of the space to end, or for the deadline. It waits once and
    /// does not look again, so that the caller keeps one deadline over all its attempts.
    @inlinable @inline(__always)
    public func readBegin(until deadline: Deadline) -> ReadBegin<Ticket> {
        set.readBegin(node, LockedReadBegin.self, until: deadline)
    }

    /// ``readBegin(until:)`` without the spin lock.
    @inlinable @inline(__always)
    public func readBeginLockFree(until deadline: Deadline) -> ReadBegin<Ticket> {
        set.readBegin(node, LockFreeReadBegin.self, until: deadline)
    }

    /// Whether the ticket's walk must be thrown away: `true` means retry. Call this with the readers' lock held. Once
    /// true for a ticket, it stays true (invariant 9).
    @inlinable @inline(__always)
    public func readRetry(_ ticket: Ticket) -> Bool { node.pointee.readRetry(ticket) }

    /// ``readRetry(_:)`` without the lock, to save taking it in vain. It may miss a collision and never invents one
    /// (invariant 10). The check under the lock must follow a `false`.
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

    /// For the subscriber's callback, with the readers' lock held: readers that began before it retry, and new ones
    /// wait. Every callback must call this, unless it answers ``IntervalResponse/wouldBlock``; otherwise the engine
    /// traps after it.
    @inlinable @inline(__always)
    public func record(_ sequence: UInt64) {
        precondition(sequence & 1 != 0, "this is not a sequence that a callback was handed: it is even")
        node.pointee.record(sequence)
    }

    /// From now on nothing may be installed, and readers are told so. Call this with the readers' lock held: in a
    /// callback whose event is ``InvalidationEvent/release``, and before a removal if faults may go on.
    public func markDead() { node.pointee.markDead() }
}

/// One interval subscription as readers, callbacks and the tree see it. They reach it through pointers only.
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
        /// The end of the last section puts it into the tree.
        case awaitingInsertion
        /// In the tree.
        case inTree
        /// In the tree until the end of the last section takes it out; the remover waits for that.
        case awaitingRemoval
        /// In the tree until the end of the last section takes it out and disposes of it.
        case awaitingDisposal
    }

    /// A node is on one line of its own.
    @usableFromInline
    static var stride: Int { CacheLineArray<IntervalNode>.lineSize }
    @usableFromInline
    static var deadBit: UInt64 { 1 << 63 }

    /// A callback writes it with the readers' lock held (invariant 13), insertion and removal with the set's lock.
    /// readBegin may load it without any.
    @usableFromInline
    let sequence = Atomic<UInt64>(1)
    /// The readers' lock, for subscribers that bring none of their own.
    @usableFromInline
    let lock = SmallLock()

    let startPage: Int
    let endPage: Int
    /// The largest `endPage` in this node's subtree. This and the fields below: see ``IntervalTree``.
    var maximumEnd = 0
    var height: Int32 = 0
    var place = Place.outside
    var left: UnsafeMutablePointer<IntervalNode>?
    var right: UnsafeMutablePointer<IntervalNode>?
    /// The neighbours in the list of what is put off until the last end.
    var previousDeferred: UnsafeMutablePointer<IntervalNode>?
    var nextDeferred: UnsafeMutablePointer<IntervalNode>?
    /// The set's hold on the subscription, and so on the subscriber, from insertion until the node is outside again.
    var subscription: Unmanaged<IntervalSubscription>?
    /// The subscriber, which the subscription holds, and its type: as in ``NotifierNode``.
    var subscriber: UnsafeRawPointer?
    var type: (any IntervalSubscriber.Type)?
    /// The number of the subscriber's owner; 0 if it has none.
    var owner: UInt32 = 0

    init(_ range: InvalidationRange) {
        startPage = range.startPage
        endPage = range.endPage
    }

    var range: InvalidationRange { InvalidationRange(start: startPage, end: endPage) }

    /// Whether the subscription is over. Removal may end it also while a reader holds the readers' lock.
    @inlinable @inline(__always)
    var isDead: Bool { sequence.load(ordering: .relaxed) & Self.deadBit != 0 }

    /// With the readers' lock held.
    @inlinable @inline(__always)
    func readRetry(_ ticket: IntervalSubscription.Ticket) -> Bool {
        // Relaxed: callbacks write it with the lock held, which this thread holds.
        sequence.load(ordering: .relaxed) != ticket.sequence
    }

    /// With the readers' lock held, by a callback: readers that began before it retry, new ones wait.
    @inlinable @inline(__always)
    func record(_ newSequence: UInt64) {
        assert(newSequence & 1 != 0, "a sequence that is handed to a callback is odd")
        guard !isDead else { return }
        // Releasing: the space's own sequence was set to this before. Pairs with the acquiring load of a lock-free
        // readBegin, which must not load this value and then an older one of the space.
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
        // Sequentially consistent: pairs with the sleepers' condition in waitForEnd (see WaitQueue).
        sequence.bitwiseOr(Self.deadBit, ordering: .sequentiallyConsistent)
    }
}

/// The memory of the nodes of one or several subscriptions.
@usableFromInline
final class IntervalNodes: @unchecked Sendable {
    // @unchecked: each node says under which locks its fields are.
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

    /// The address of a node. Traps if the index is out of range.
    @inlinable @inline(__always)
    func node(_ index: Int) -> UnsafeMutablePointer<IntervalNode> {
        precondition(index >= 0 && index < nodes.count, "a page lies beyond those the guard was made for")
        return (nodes.base + index &* IntervalNode.stride).assumingMemoryBound(to: IntervalNode.self)
    }
}

/// How a read of an interval subscription begins. The two ways differ in cost; both are safe.
public protocol IntervalReadBegin: Sendable {
    /// Whether it loads the sequences without the space's spin lock.
    static var isLockFree: Bool { get }
}

/// As Linux does it: both sequences under the space's spin lock, which every start and end takes, too.
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
    /// Begins a read if no section over the node's range is open; `nil` if one is, or if the subscription is over.
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
        // Relaxed, both: a callback writes the space's own value after its start held this lock, so with the lock held
        // the space's is at least as new. The end of a section releases the change of the pages by this lock.
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
        // Acquiring: the space's sequence is loaded after it, and is not older than it (pairs with record).
        let own = node.pointee.sequence.load(ordering: .acquiring)
        // Acquiring: if it differs from the own one, the walk sees the changes of the sections that changed it (pairs
        // with the exchange in closeHalf, and with the stores that make it odd again).
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

    /// The rest of a begin that loaded these sequences: a section over the range is open, or the subscription is over.
    @usableFromInline @inline(never)
    func readBeginSlow(
        _ node: UnsafeMutablePointer<IntervalNode>, own: UInt64, space: UInt64, until deadline: Deadline
    ) -> ReadBegin<IntervalSubscription.Ticket> {
        if own == space, !waitForEnd(of: own, of: node, until: deadline) { return node.pointee.isDead ? .dead : .busy }
        // Also after a wait: the end of the subscription ends it, too.
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
