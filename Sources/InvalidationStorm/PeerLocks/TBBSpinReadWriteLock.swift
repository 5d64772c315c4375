import CPeerLocks
import NotifierDispatch

/// oneTBB's `spin_rw_mutex`, behind a C call: one word, which counts readers and says whether a writer has it or waits.
///
/// Writers first: while one waits, new readers do. Nobody queues. Who waits spins, twice as long each time, and then gives
/// its core away.
public struct TBBSpinReadWriteLock: SectionLock, ~Copyable, @unchecked Sendable {
    // @unchecked: the pointee is a lock, made for being shared.
    @usableFromInline
    let raw: OpaquePointer

    public static var measuresWaits: Bool { false }
    public static var canTry: Bool { true }

    /// A lock that nobody holds.
    public init() { raw = peer_tbb_rw_create() }

    deinit { peer_tbb_rw_destroy(raw) }

    @inlinable @inline(__always)
    public func lockForFault() -> UInt64 {
        peer_tbb_rw_lock_shared(raw)
        return 0
    }

    @inlinable @inline(__always)
    public func unlockForFault() { peer_tbb_rw_unlock_shared(raw) }

    @inlinable
    public func lockForSection() { peer_tbb_rw_lock_exclusive(raw) }

    @inlinable
    public func tryLockForSection() -> Bool { peer_tbb_rw_try_exclusive(raw) }

    @inlinable
    public func unlockForSection() { peer_tbb_rw_unlock_exclusive(raw) }
}
