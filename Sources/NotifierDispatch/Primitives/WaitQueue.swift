import Glibc
import Synchronization

/// Where threads sleep until something changes, or until a deadline.
///
/// The race that must not lose a wake-up, with the outcome that it must have: at least one side sees the other.
///
///     waiter                                   waker
///     waiters += 1            (seq_cst)        change what the condition reads   (seq_cst)
///     condition() still true? (seq_cst)        waiters == 0? -> nobody to wake   (seq_cst)
///     sleep, mutex held since before           lock the mutex, broadcast, unlock
///
/// All four are sequentially consistent, so the two cannot both read the old value. The caller supplies condition and
/// change, and must use `.sequentiallyConsistent` (on the waker's side a read-modify-write of that ordering).
@usableFromInline
final class WaitQueue: @unchecked Sendable {
    // @unchecked: a mutex and a condition variable behind pointers, made for being shared.
    /// How often a waiter looks at what it waits for before it goes to sleep here.
    static let spinsBeforeSleep = 256

    private let mutex = PthreadMutex()
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private let waiters = Atomic<Int>(0)

    @usableFromInline
    init() {
        condition = .allocate(capacity: 1)
        initializeCondition()
    }

    private func initializeCondition() {
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        let status = pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
        precondition(status == 0, "pthread_cond_init failed with error \(status)")
    }

    deinit {
        pthread_cond_destroy(condition)
        condition.deallocate()
    }

    /// In a forked child: nobody sleeps here, and nobody holds the mutex.
    func resetAfterFork() {
        mutex.resetAfterFork()
        initializeCondition()
        waiters.store(0, ordering: .sequentiallyConsistent)
    }

    /// How many threads sleep here or are about to.
    var sleeperCount: Int { waiters.load(ordering: .relaxed) }

    /// Sleeps while `isUnchanged` holds, until ``wakeAll(outside:)`` or the deadline. Returns `false` at the deadline.
    func wait(until deadline: Deadline, while isUnchanged: () -> Bool) -> Bool {
        SmallLock.assertNoneHeld()
        waiters.wrappingAdd(1, ordering: .sequentiallyConsistent)
        mutex.lock()
        defer {
            mutex.unlock()
            // Relaxed: a waker that still counts this thread broadcasts once for nothing.
            waiters.wrappingSubtract(1, ordering: .relaxed)
        }
        while isUnchanged() {
            if deadline.nanoseconds == .max {
                pthread_cond_wait(condition, mutex.raw)
            } else {
                var time = timespec(
                    tv_sec: Int(deadline.nanoseconds / 1_000_000_000),
                    tv_nsec: Int(deadline.nanoseconds % 1_000_000_000))
                if pthread_cond_timedwait(condition, mutex.raw, &time) == ETIMEDOUT { return !isUnchanged() }
            }
        }
        return true
    }

    /// Wakes every sleeper. Must come after the change. The caller must have given back `lock`, which the sleepers
    /// take.
    func wakeAll(outside lock: borrowing SmallLock) {
        assert(!lock.isHeldByThisThread, "sleepers are woken under the lock that they will take")
        guard waiters.load(ordering: .sequentiallyConsistent) != 0 else { return }
        mutex.lock()
        pthread_cond_broadcast(condition)
        mutex.unlock()
    }
}
