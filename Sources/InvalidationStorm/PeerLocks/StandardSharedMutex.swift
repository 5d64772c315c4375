import CPeerLocks
import NotifierDispatch

/// C++'s `std::shared_mutex`, behind a C call: with libstdc++ it is glibc's read-write lock, which prefers readers.
///
/// So what it costs beside ``ReadWriteLockGuard`` is C++'s and the call's. Waiting threads sleep.
public struct StandardSharedMutex: SectionLock, ~Copyable, @unchecked Sendable {
    // @unchecked: the pointee is a lock, made for being shared.
    @usableFromInline
    let raw: OpaquePointer

    public static var measuresWaits: Bool { false }
    public static var canTry: Bool { true }

    /// A lock that nobody holds.
    public init() { raw = peer_shared_mutex_create() }

    deinit { peer_shared_mutex_destroy(raw) }

    @inlinable @inline(__always)
    public func lockForFault() -> UInt64 {
        peer_shared_mutex_lock_shared(raw)
        return 0
    }

    @inlinable @inline(__always)
    public func unlockForFault() { peer_shared_mutex_unlock_shared(raw) }

    @inlinable
    public func lockForSection() { peer_shared_mutex_lock_exclusive(raw) }

    @inlinable
    public func tryLockForSection() -> Bool { peer_shared_mutex_try_exclusive(raw) }

    @inlinable
    public func unlockForSection() { peer_shared_mutex_unlock_exclusive(raw) }
}
