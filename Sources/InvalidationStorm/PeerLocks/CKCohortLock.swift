import CPeerLocks
import NotifierDispatch

/// Concurrency Kit's `ck_rwcohort`, inlined, of the neutral kind: after Calciu and others, NUMA-Aware Reader-Writer Locks.
/// A cohort a NUMA node; the lock goes round inside one up to ten times before another node has it.
///
/// Neutral, because the other two kinds prefer one side, which other rivals show already: readers and writers go through
/// the same cohort lock in turn, and a reader leaves it as soon as it is counted. The cohort lock is one of ticket locks:
/// the order of arrival inside a node, and among nodes.
public struct CKCohortLock: SectionLock, ~Copyable, @unchecked Sendable {
    // @unchecked: the pointee is a lock, made for being shared.
    @usableFromInline
    let raw: OpaquePointer

    public static var measuresWaits: Bool { false }
    public static var canTry: Bool { false }

    /// A lock that nobody holds, with a cohort for each of this machine's nodes, and for each that a ``VirtualMachine`` can
    /// have.
    public init() { self.init(nodes: max(NUMANode.count, VirtualMachine.mostNodes)) }

    /// A lock with so many cohorts; at least as many as threads say they have nodes.
    init(nodes: Int) {
        precondition(nodes >= NUMANode.count, "a node without a cohort")
        raw = peer_ck_rwcohort_create(UInt32(nodes))
    }

    deinit { peer_ck_rwcohort_destroy(raw) }

    @inlinable @inline(__always)
    public func lockForFault() -> UInt64 {
        peer_ck_rwcohort_lock_shared(raw, myCohort)
        return 0
    }

    @inlinable @inline(__always)
    public func unlockForFault() { peer_ck_rwcohort_unlock_shared(raw) }

    @inlinable
    public func lockForSection() { peer_ck_rwcohort_lock_exclusive(raw, myCohort) }

    /// Takes it, spinning.
    @inlinable
    public func tryLockForSection() -> Bool {
        lockForSection()
        return true
    }

    @inlinable
    public func unlockForSection() { peer_ck_rwcohort_unlock_exclusive(raw, myCohort) }

    @inlinable @inline(__always)
    var myCohort: OpaquePointer { peer_ck_rwcohort_cohort(raw, UInt32(NUMANode.ofThisThread)) }
}
