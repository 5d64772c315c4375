import CPlatform
import Glibc

/// A pthread mutex at a stable address, on cache lines of its own.
public struct PthreadMutex: ~Copyable, @unchecked Sendable {
    // @unchecked: the pointee is a lock, made for being shared.
    @usableFromInline
    let lines = CacheLineArray<pthread_mutex_t>(count: 1) { pthread_mutex_t() }

    @inlinable @inline(__always)
    var raw: UnsafeMutablePointer<pthread_mutex_t> { lines[0] }

    /// A lock that no thread holds.
    public init() {
        let status = pthread_mutex_init(raw, nil)
        precondition(status == 0, "pthread_mutex_init failed with error \(status)")
    }

    deinit { pthread_mutex_destroy(raw) }

    /// Takes the lock. Returns how long that took in nanoseconds; 0 if it was free.
    @inlinable @inline(__always) @discardableResult
    package func lock() -> UInt64 { tryLock() ? 0 : lockSlow() }

    @usableFromInline @inline(never)
    func lockSlow() -> UInt64 {
        ProcessFork.trapIfUnprepared()
        // Only this thread can have written its own number there.
        if raw.pointee.__data.__owner == cplatform_thread_id() {
            fatalError("this thread already holds the lock: a walk or an install that faults waits for itself")
        }
        let start = MonotonicClock.now()
        pthread_mutex_lock(raw)
        return max(1, MonotonicClock.now() &- start)
    }

    /// Takes the lock if no thread holds it.
    @inlinable @inline(__always)
    func tryLock() -> Bool { pthread_mutex_trylock(raw) == 0 }

    /// In a forked child: makes it anew in place, since its holder may be no more.
    func resetAfterFork() {
        let status = pthread_mutex_init(raw, nil)
        precondition(status == 0, "pthread_mutex_init failed with error \(status)")
    }

    /// Gives the lock back, on the thread that took it.
    @inlinable @inline(__always)
    package func unlock() { pthread_mutex_unlock(raw) }
}

/// A pthread read-write lock at a stable address, on cache lines of its own, with glibc's default preference.
public struct PthreadReadWriteLock: ~Copyable, @unchecked Sendable {
    // @unchecked: the pointee is a lock, made for being shared.
    @usableFromInline
    let lines = CacheLineArray<pthread_rwlock_t>(count: 1) { pthread_rwlock_t() }

    @inlinable @inline(__always)
    var raw: UnsafeMutablePointer<pthread_rwlock_t> { lines[0] }

    /// A lock that no thread holds.
    public init() {
        let status = pthread_rwlock_init(raw, nil)
        precondition(status == 0, "pthread_rwlock_init failed with error \(status)")
    }

    deinit { pthread_rwlock_destroy(raw) }

    /// Shares the lock. Returns how long that took in nanoseconds; 0 if no writer had it.
    @inlinable @inline(__always)
    func lockShared() -> UInt64 { pthread_rwlock_tryrdlock(raw) == 0 ? 0 : lockSharedSlow() }

    @usableFromInline @inline(never)
    func lockSharedSlow() -> UInt64 {
        ProcessFork.trapIfUnprepared()
        if raw.pointee.__data.__cur_writer == cplatform_thread_id() {
            fatalError("this thread already holds the lock: a fault inside its own section waits for itself")
        }
        let start = MonotonicClock.now()
        pthread_rwlock_rdlock(raw)
        return max(1, MonotonicClock.now() &- start)
    }

    @usableFromInline
    func lockExclusive() { pthread_rwlock_wrlock(raw) }

    /// Takes the lock alone if no thread has it.
    @usableFromInline
    func tryLockExclusive() -> Bool { pthread_rwlock_trywrlock(raw) == 0 }

    @inlinable @inline(__always)
    func unlock() { pthread_rwlock_unlock(raw) }
}

/// One pthread mutex for faults and sections alike.
public typealias MutexGuard = SectionLockGuard<PthreadMutex>

extension PthreadMutex: SectionLock {
    public static var measuresWaits: Bool { true }
    public static var canTry: Bool { true }
    @inlinable @inline(__always)
    public func lockForFault() -> UInt64 { lock() }
    @inlinable @inline(__always)
    public func unlockForFault() { unlock() }
    @inlinable
    public func lockForSection() { lock() }
    @inlinable
    public func tryLockForSection() -> Bool { tryLock() }
    @inlinable
    public func unlockForSection() { unlock() }
}

/// One pthread read-write lock: faults share it, a section has it alone. RDMA's on-demand paging worked like this until
/// 2019.
public typealias ReadWriteLockGuard = SectionLockGuard<PthreadReadWriteLock>

extension PthreadReadWriteLock: SectionLock {
    public static var measuresWaits: Bool { true }
    public static var canTry: Bool { true }
    @inlinable @inline(__always)
    public func lockForFault() -> UInt64 { lockShared() }
    @inlinable @inline(__always)
    public func unlockForFault() { unlock() }
    @inlinable
    public func lockForSection() { lockExclusive() }
    @inlinable
    public func tryLockForSection() -> Bool { tryLockExclusive() }
    @inlinable
    public func unlockForSection() { unlock() }
}
