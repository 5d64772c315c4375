import CPeerLocks
import NotifierDispatch

/// Concurrency Kit's `ck_brlock`, inlined: a reader writes to a line of its own, a writer looks at those of all readers.
///
/// Writers first, and neither side queues. A thread becomes a reader of the lock at its first fault, for which it waits as a
/// section does, and stays one: with its index, which the next thread that has it takes over.
public struct CKBigReaderLock: SectionLock, ~Copyable, @unchecked Sendable {
    // @unchecked: the pointee is a lock, made for being shared.
    @usableFromInline
    let raw: OpaquePointer
    @usableFromInline
    let readers = ThreadLines()

    public static var measuresWaits: Bool { false }
    public static var canTry: Bool { true }

    /// A lock that nobody holds.
    public init() { raw = peer_ck_brlock_create() }

    deinit { peer_ck_brlock_destroy(raw) }

    @inlinable @inline(__always)
    public func lockForFault() -> UInt64 {
        var reader = OpaquePointer(readers.mine)
        if !peer_ck_brlock_is_registered(reader) { reader = registerSlow() }
        peer_ck_brlock_lock_shared(raw, reader)
        return 0
    }

    @inlinable @inline(__always)
    public func unlockForFault() { peer_ck_brlock_unlock_shared(raw, OpaquePointer(readers.mine)) }

    @inlinable
    public func lockForSection() { peer_ck_brlock_lock_exclusive(raw) }

    @inlinable
    public func tryLockForSection() -> Bool { peer_ck_brlock_try_exclusive(raw) }

    @inlinable
    public func unlockForSection() { peer_ck_brlock_unlock_exclusive(raw) }

    /// Makes the calling thread a reader, once nobody holds the lock; it has an index from then on. Nobody takes readers out
    /// of the list: a thread that ends has given back what it held, and writers look at its line in vain.
    @usableFromInline @inline(never)
    func registerSlow() -> OpaquePointer {
        let reader = OpaquePointer(readers.line(at: ThreadRegistration.registeredIndex))
        if !peer_ck_brlock_is_registered(reader) { peer_ck_brlock_register(raw, reader) }
        return reader
    }
}
