import CPeerLocks
import NotifierDispatch

/// Concurrency Kit's `ck_rwlock`, inlined: a word that says whether there is a writer, and a count of readers.
///
/// Writers first: while one has the lock or waits for its readers, new readers spin. Neither side queues, so a stream of
/// sections can starve faults.
public struct CKReadWriteLock: SectionLock, ~Copyable, @unchecked Sendable {
    // @unchecked: the pointee is a lock, made for being shared.
    @usableFromInline
    let raw: OpaquePointer

    public static var measuresWaits: Bool { false }
    public static var canTry: Bool { true }

    /// A lock that nobody holds.
    public init() { raw = peer_ck_rwlock_create() }

    deinit { peer_ck_rwlock_destroy(raw) }

    @inlinable @inline(__always)
    public func lockForFault() -> UInt64 {
        peer_ck_rwlock_lock_shared(raw)
        return 0
    }

    @inlinable @inline(__always)
    public func unlockForFault() { peer_ck_rwlock_unlock_shared(raw) }

    @inlinable
    public func lockForSection() { peer_ck_rwlock_lock_exclusive(raw) }

    @inlinable
    public func tryLockForSection() -> Bool { peer_ck_rwlock_try_exclusive(raw) }

    @inlinable
    public func unlockForSection() { peer_ck_rwlock_unlock_exclusive(raw) }
}
