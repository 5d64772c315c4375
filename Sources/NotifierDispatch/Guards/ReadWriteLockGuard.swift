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
