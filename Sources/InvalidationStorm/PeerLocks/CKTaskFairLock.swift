import CPeerLocks
import NotifierDispatch

/// Concurrency Kit's `ck_tflock`, inlined: task-fair after Mellor-Crummey and Scott (1991).
///
/// Everyone has a turn in the order of arrival; faults that follow each other have theirs together. A thread that loses
/// its core while it is next holds everyone behind it up.
public struct CKTaskFairLock: SectionLock, ~Copyable, @unchecked Sendable {
    // @unchecked: the pointee is a lock, made for being shared.
    @usableFromInline
    let raw: OpaquePointer

    public static var measuresWaits: Bool { false }
    public static var canTry: Bool { false }

    /// A lock that nobody holds.
    public init() { raw = peer_ck_tflock_create() }

    deinit { peer_ck_tflock_destroy(raw) }

    @inlinable @inline(__always)
    public func lockForFault() -> UInt64 {
        peer_ck_tflock_lock_shared(raw)
        return 0
    }

    @inlinable @inline(__always)
    public func unlockForFault() { peer_ck_tflock_unlock_shared(raw) }

    @inlinable
    public func lockForSection() { peer_ck_tflock_lock_exclusive(raw) }

    /// Takes it, spinning.
    @inlinable
    public func tryLockForSection() -> Bool {
        lockForSection()
        return true
    }

    @inlinable
    public func unlockForSection() { peer_ck_tflock_unlock_exclusive(raw) }
}
