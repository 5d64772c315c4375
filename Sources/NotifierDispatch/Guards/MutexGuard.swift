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
