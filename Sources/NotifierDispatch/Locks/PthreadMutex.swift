import Glibc

/// A pthread mutex at a stable address.
public struct PthreadMutex: ~Copyable, @unchecked Sendable {
    // @unchecked: the pointee is a lock, made for being shared.
    @usableFromInline
    let raw: UnsafeMutablePointer<pthread_mutex_t>

    /// A lock that nobody holds.
    public init() {
        raw = .allocate(capacity: 1)
        let status = pthread_mutex_init(raw, nil)
        precondition(status == 0, "pthread_mutex_init failed with error \(status)")
    }

    deinit {
        pthread_mutex_destroy(raw)
        raw.deallocate()
    }

    /// Takes the lock. Returns how long that took in nanoseconds; 0 where it was free.
    @inlinable @inline(__always) @discardableResult
    package func lock() -> UInt64 { tryLock() ? 0 : lockSlow() }

    @usableFromInline @inline(never)
    func lockSlow() -> UInt64 {
        let start = MonotonicClock.now()
        pthread_mutex_lock(raw)
        return max(1, MonotonicClock.now() &- start)
    }

    /// Takes the lock if nobody holds it.
    @inlinable @inline(__always)
    func tryLock() -> Bool { pthread_mutex_trylock(raw) == 0 }

    /// Gives the lock back, on the thread that took it.
    @inlinable @inline(__always)
    package func unlock() { pthread_mutex_unlock(raw) }
}
