import Glibc

/// A pthread read-write lock at a stable address, with glibc's default preference.
public struct PthreadReadWriteLock: ~Copyable, @unchecked Sendable {
    // @unchecked: the pointee is a lock, made for being shared.
    @usableFromInline
    let raw: UnsafeMutablePointer<pthread_rwlock_t>

    /// A lock that nobody holds.
    public init() {
        raw = .allocate(capacity: 1)
        let status = pthread_rwlock_init(raw, nil)
        precondition(status == 0, "pthread_rwlock_init failed with error \(status)")
    }

    deinit {
        pthread_rwlock_destroy(raw)
        raw.deallocate()
    }

    /// Shares the lock. Returns how long that took in nanoseconds; 0 where no writer had it.
    @inlinable @inline(__always)
    func lockShared() -> UInt64 { pthread_rwlock_tryrdlock(raw) == 0 ? 0 : lockSharedSlow() }

    @usableFromInline @inline(never)
    func lockSharedSlow() -> UInt64 {
        let start = MonotonicClock.now()
        pthread_rwlock_rdlock(raw)
        return max(1, MonotonicClock.now() &- start)
    }

    @usableFromInline
    func lockExclusive() { pthread_rwlock_wrlock(raw) }

    /// Takes the lock alone if nobody has it.
    @usableFromInline
    func tryLockExclusive() -> Bool { pthread_rwlock_trywrlock(raw) == 0 }

    @inlinable @inline(__always)
    func unlock() { pthread_rwlock_unlock(raw) }
}
