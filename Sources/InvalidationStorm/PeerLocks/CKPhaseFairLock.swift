import CPeerLocks
import NotifierDispatch

/// Concurrency Kit's `ck_pflock`, inlined: phase-fair after Brandenburg and Anderson (2010).
///
/// Phases of readers and of one writer alternate: a fault waits for one section at most, a section for the faults that
/// were there before it and for the sections with earlier tickets.
public struct CKPhaseFairLock: SectionLock, ~Copyable, @unchecked Sendable {
    // @unchecked: the pointee is a lock, made for being shared.
    @usableFromInline
    let raw: OpaquePointer

    public static var measuresWaits: Bool { false }
    public static var canTry: Bool { false }

    /// A lock that nobody holds.
    public init() { raw = peer_ck_pflock_create() }

    deinit { peer_ck_pflock_destroy(raw) }

    @inlinable @inline(__always)
    public func lockForFault() -> UInt64 {
        peer_ck_pflock_lock_shared(raw)
        return 0
    }

    @inlinable @inline(__always)
    public func unlockForFault() { peer_ck_pflock_unlock_shared(raw) }

    @inlinable
    public func lockForSection() { peer_ck_pflock_lock_exclusive(raw) }

    /// Takes it, spinning.
    @inlinable
    public func tryLockForSection() -> Bool {
        lockForSection()
        return true
    }

    @inlinable
    public func unlockForSection() { peer_ck_pflock_unlock_exclusive(raw) }
}
