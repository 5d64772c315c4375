import CPlatform
import CURCU

/// One flavour of liburcu: how its readers and grace periods find each other.
///
/// The requirements are liburcu's own primitives, unchecked; call them through ``ReadCopyUpdate``, which checks that the
/// thread is registered.
public protocol RCUFlavour: Sendable {
    /// The thread-local registration counter of this flavour.
    static var registrations: UnsafeMutablePointer<UInt32> { get }
    /// The address that stands for this flavour's grace periods in ThreadSanitizer's eyes.
    static var gracePeriod: UnsafeMutableRawPointer { get }
    /// Whether the calling thread is inside a read section.
    static var isReading: Bool { get }
    /// Whether a thread registers itself on its first use, and stays known to grace periods until it ends. Where `false`,
    /// use on a thread that is not registered traps.
    static var registersOnFirstUse: Bool { get }
    /// Makes the calling thread known to grace periods.
    static func registerThread()
    /// Undoes ``registerThread()``, where threads do not stay known until they end; not inside a read section.
    static func unregisterThread()
    /// Enters a read section; sections nest.
    static func readLock()
    /// Leaves the innermost read section.
    static func readUnlock()
    /// Waits until every read section that was open at the call has ended.
    static func synchronize()
    /// Runs `function` on `head` on another thread after a grace period.
    static func call(
        _ head: UnsafeMutablePointer<rcu_head>, _ function: @convention(c) (UnsafeMutablePointer<rcu_head>) -> Void)
    /// Waits until every ``call(_:_:)`` made before has run.
    static func barrier()
}

extension RCUFlavour {
    /// `false`: threads are registered by ``ReadCopyUpdate/withRegisteredThread(_:)`` only.
    @inlinable
    public static var registersOnFirstUse: Bool { false }
}

/// liburcu's "bulletproof" flavour, which the engine uses: a thread registers itself at its first read section, and
/// liburcu takes it off when it ends. It is also the only flavour whose grace periods work in a forked child.
///
/// Readers pay compiler barriers and the load of a pointer; a grace period pays membarrier(2). A grace period waits for
/// long read sections less promptly than one of ``MembFlavour``: after 100 looks it sleeps for 10 ms between two looks,
/// where that one is woken. Measured on two virtual cores (liburcu 0.13.2), median of a `synchronize`:
///
///     readers                               bp        memb
///     none                                  0.7 us    0.1 us
///     one, of empty sections                1.4-5 us  0.5-6 us
///     one, of sections of a millisecond     10.1 ms   1.07 ms
///
/// So an unregistration beside a callback that takes long takes 10 ms, and so does one beside a reader that has lost its
/// core.
public enum BPFlavour: RCUFlavour {
    @inlinable @inline(__always)
    public static var registrations: UnsafeMutablePointer<UInt32> { cplatform_thread_registrations(3) }
    public static var gracePeriod: UnsafeMutableRawPointer { curcu_bp_grace_period() }
    @inlinable
    public static var isReading: Bool { curcu_bp_read_ongoing() != 0 }
    @inlinable
    public static var registersOnFirstUse: Bool { true }
    public static func registerThread() { urcu_bp_register_thread() }
    public static func unregisterThread() {}
    @inlinable @inline(__always)
    public static func readLock() { curcu_bp_read_lock() }
    @inlinable @inline(__always)
    public static func readUnlock() { curcu_bp_read_unlock() }
    public static func synchronize() { curcu_bp_synchronize() }
    public static func call(
        _ head: UnsafeMutablePointer<rcu_head>, _ function: @convention(c) (UnsafeMutablePointer<rcu_head>) -> Void
    ) { urcu_bp_call_rcu(head, function) }
    public static func barrier() { urcu_bp_barrier() }
}

/// liburcu's default: readers pay compiler barriers only, a grace period pays membarrier(2).
public enum MembFlavour: RCUFlavour {
    @inlinable @inline(__always)
    public static var registrations: UnsafeMutablePointer<UInt32> { cplatform_thread_registrations(0) }
    public static var gracePeriod: UnsafeMutableRawPointer { curcu_memb_grace_period() }
    @inlinable
    public static var isReading: Bool { curcu_memb_read_ongoing() != 0 }
    public static func registerThread() { urcu_memb_register_thread() }
    public static func unregisterThread() { urcu_memb_unregister_thread() }
    @inlinable @inline(__always)
    public static func readLock() { curcu_memb_read_lock() }
    @inlinable @inline(__always)
    public static func readUnlock() { curcu_memb_read_unlock() }
    public static func synchronize() { curcu_memb_synchronize() }
    public static func call(
        _ head: UnsafeMutablePointer<rcu_head>, _ function: @convention(c) (UnsafeMutablePointer<rcu_head>) -> Void
    ) { urcu_memb_call_rcu(head, function) }
    public static func barrier() { urcu_memb_barrier() }
}

/// Full memory barriers on both sides: for kernels without membarrier(2).
public enum MBFlavour: RCUFlavour {
    @inlinable @inline(__always)
    public static var registrations: UnsafeMutablePointer<UInt32> { cplatform_thread_registrations(1) }
    public static var gracePeriod: UnsafeMutableRawPointer { curcu_mb_grace_period() }
    @inlinable
    public static var isReading: Bool { curcu_mb_read_ongoing() != 0 }
    public static func registerThread() { urcu_mb_register_thread() }
    public static func unregisterThread() { urcu_mb_unregister_thread() }
    @inlinable @inline(__always)
    public static func readLock() { curcu_mb_read_lock() }
    @inlinable @inline(__always)
    public static func readUnlock() { curcu_mb_read_unlock() }
    public static func synchronize() { curcu_mb_synchronize() }
    public static func call(
        _ head: UnsafeMutablePointer<rcu_head>, _ function: @convention(c) (UnsafeMutablePointer<rcu_head>) -> Void
    ) { urcu_mb_call_rcu(head, function) }
    public static func barrier() { urcu_mb_barrier() }
}

/// Quiescent-state based: a read section costs nothing, and every registered thread must announce now and then that it
/// is in none. A registered thread that blocks without going offline stops all grace periods.
public enum QSBRFlavour: RCUFlavour {
    @inlinable @inline(__always)
    public static var registrations: UnsafeMutablePointer<UInt32> { cplatform_thread_registrations(2) }
    public static var gracePeriod: UnsafeMutableRawPointer { curcu_qsbr_grace_period() }
    /// Whether the calling thread is online, which is all that this flavour knows of read sections.
    @inlinable
    public static var isReading: Bool { curcu_qsbr_read_ongoing() != 0 }
    public static func registerThread() { urcu_qsbr_register_thread() }
    public static func unregisterThread() { urcu_qsbr_unregister_thread() }
    @inlinable @inline(__always)
    public static func readLock() { curcu_qsbr_read_lock() }
    @inlinable @inline(__always)
    public static func readUnlock() { curcu_qsbr_read_unlock() }
    public static func synchronize() { curcu_qsbr_synchronize() }
    public static func call(
        _ head: UnsafeMutablePointer<rcu_head>, _ function: @convention(c) (UnsafeMutablePointer<rcu_head>) -> Void
    ) { urcu_qsbr_call_rcu(head, function) }
    public static func barrier() { urcu_qsbr_barrier() }
}
