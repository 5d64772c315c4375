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
    let set: IntervalNotifierSet
    @usableFromInline
    let node: UnsafeMutablePointer<IntervalNode>
    private let memory: IntervalNodes
    /// The subscriber, from insertion until it is outside again.
    var subscriber: (any IntervalSubscriber)?
    /// Runs when a removal that nobody waits for is done.
    var completion: (@Sendable () -> Void)?

    /// A subscription that is not in the set yet: faults under it are not protected.
    public convenience init(over range: InvalidationRange, in set: IntervalNotifierSet) {
        self.init(index: 0, of: IntervalNodes([range]), in: set)
    }

    init(index: Int, of memory: IntervalNodes, in set: IntervalNotifierSet) {
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
    public func markReleased() { node.pointee.markDead() }
}
