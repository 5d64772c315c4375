import CPeerLocks
import NotifierDispatch

/// Concurrency Kit's `ck_bytelock`, inlined: after Dice and Shavit's TLRW (2010). Readers have a byte each in one cache
/// line, and a writer looks at eight of them at once.
///
/// Writers first, and neither side queues. The first 56 thread indices have a byte; readers beyond them count themselves
/// in one word.
public struct CKByteLock: SectionLock, ~Copyable, @unchecked Sendable {
    // @unchecked: the pointee is a lock, made for being shared.
    @usableFromInline
    let raw: OpaquePointer

    public static var measuresWaits: Bool { false }
    public static var canTry: Bool { false }

    /// A lock that nobody holds.
    public init() { raw = peer_ck_bytelock_create() }

    deinit { peer_ck_bytelock_destroy(raw) }

    @inlinable @inline(__always)
    public func lockForFault() -> UInt64 {
        peer_ck_bytelock_lock_shared(raw, Self.slot)
        return 0
    }

    @inlinable @inline(__always)
    public func unlockForFault() { peer_ck_bytelock_unlock_shared(raw, Self.slot) }

    @inlinable
    public func lockForSection() { peer_ck_bytelock_lock_exclusive(raw) }

    /// Takes it, spinning.
    @inlinable
    public func tryLockForSection() -> Bool {
        lockForSection()
        return true
    }

    @inlinable
    public func unlockForSection() { peer_ck_bytelock_unlock_exclusive(raw) }

    /// The calling thread's slot, counted from 1: the library does without a byte above the last one.
    @inlinable @inline(__always)
    static var slot: UInt32 { UInt32(ThreadRegistration.registeredIndex) &+ 1 }
}
