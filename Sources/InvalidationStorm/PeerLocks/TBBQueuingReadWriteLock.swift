import CPeerLocks
import NotifierDispatch

/// oneTBB's `queuing_rw_mutex`, in the library: after Krieger, Stumm and others (1993). Everyone has a turn in the order
/// of arrival; faults that follow each other share theirs.
///
/// Each thread waits at a place of its own in the queue: it spins, and then gives its core away. A fault inside the walk
/// of another would need a second place and is not to be.
public struct TBBQueuingReadWriteLock: SectionLock, ~Copyable, @unchecked Sendable {
    // @unchecked: the pointee is a lock, made for being shared.
    @usableFromInline
    let raw: OpaquePointer
    @usableFromInline
    let places = ThreadLines()

    public static var measuresWaits: Bool { false }
    public static var canTry: Bool { true }

    /// A lock that nobody holds.
    public init() { raw = peer_tbb_queuing_rw_create() }

    deinit { peer_tbb_queuing_rw_destroy(raw) }

    @inlinable @inline(__always)
    public func lockForFault() -> UInt64 {
        peer_tbb_queuing_rw_lock_shared(raw, myPlaces)
        return 0
    }

    @inlinable @inline(__always)
    public func unlockForFault() { peer_tbb_queuing_rw_unlock_shared(raw, myPlaces) }

    @inlinable
    public func lockForSection() { peer_tbb_queuing_rw_lock_exclusive(raw, myPlaces) }

    @inlinable
    public func tryLockForSection() -> Bool { peer_tbb_queuing_rw_try_exclusive(raw, myPlaces) }

    @inlinable
    public func unlockForSection() { peer_tbb_queuing_rw_unlock_exclusive(raw, myPlaces) }

    @inlinable @inline(__always)
    var myPlaces: OpaquePointer { OpaquePointer(places.line(at: ThreadRegistration.registeredIndex)) }
}
