import CPlatform
import Synchronization

/// The one small lock of the engine: a word that holds its owner. Every guard that needs a small lock uses this one, so
/// that a comparison of guards compares protocols and not locks.
///
/// Legal states of the word:
///
///     value      meaning               written by
///     0          free                  the owner, at unlock
///     index + 2  held by that thread   the thread that changed 0 to it, at lock
///
/// Sections come first. Faults follow each other so closely that a section which waits for them might never find the
/// lock free. So it counts itself in `waitingSections`, and faults give way to it while it waits. It waits for the
/// holder, and for faults that are on their way to the lock. A fault gives way for a tenth of a millisecond at most, so
/// that sections that follow each other closely do not keep it out for ever.
///
/// A thread that is not registered registers itself when it locks: the word needs its index. The lock is not recursive:
/// locking twice traps. In debug builds every thread counts the small locks it holds, so that waits can assert that it
/// holds none (invariant 35).
@usableFromInline
package struct SmallLock: ~Copyable, Sendable {
    @usableFromInline
    let owner = Atomic<UInt32>(0)
    /// How many sections wait for the lock. Relaxed throughout: a fault that misses it only comes first.
    @usableFromInline
    let waitingSections = Atomic<UInt32>(0)

    /// How long a fault gives way to sections, in nanoseconds.
    private static let courtesyNanoseconds: UInt64 = 100_000
    /// How long a fault waits for the lock of an install section before it counts as a collision, in nanoseconds.
    static let patienceNanoseconds: UInt64 = 1_000_000

    @usableFromInline
    package init() {}

    /// Takes the lock; waits for it if it is taken. Returns how long that took in nanoseconds; 0 if it was free.
    @inlinable @inline(__always) @discardableResult
    package func lock() -> UInt64 {
        waitingSections.load(ordering: .relaxed) == 0 && tryLock() ? 0 : lockSlow(until: .never) ?? 0
    }

    /// Takes the lock for an install section, and waits for it no longer than a millisecond. Returns how long that took
    /// in nanoseconds, 0 if it was free, or `nil` if it did not get the lock.
    @inlinable @inline(__always)
    func lockForInstall() -> UInt64? {
        waitingSections.load(ordering: .relaxed) == 0 && tryLock() ? 0 : lockForInstallSlow()
    }

    @usableFromInline @inline(never)
    func lockForInstallSlow() -> UInt64? { lockSlow(until: .after(nanoseconds: Self.patienceNanoseconds)) }

    /// Takes the lock for a section, ahead of the faults that want it.
    @inlinable @inline(__always)
    package func lockForSection() { if !tryLock() { lockForSectionSlow() } }

    @usableFromInline @inline(never)
    func lockForSectionSlow() {
        trapIfHeld()
        waitingSections.wrappingAdd(1, ordering: .relaxed)
        spinUntilLocked()
        waitingSections.wrappingSubtract(1, ordering: .relaxed)
    }

    /// Takes the lock if it is free.
    @inlinable @inline(__always)
    func tryLock() -> Bool {
        let me = UInt32(truncatingIfNeeded: ThreadRegistration.registeredIndex &+ 2)
        // Acquiring: what this section reads comes after the last section's unlock, which releases. If the exchange
        // fails, this reads nothing that the lock protects.
        let taken = owner.compareExchange(
            expected: 0, desired: me, successOrdering: .acquiring, failureOrdering: .relaxed
        ).exchanged
        if taken { Self.countHeld(1) }
        return taken
    }

    /// Gives the lock back. Traps in debug builds if the calling thread does not hold it.
    @inlinable @inline(__always)
    package func unlock() {
        assert(isHeldByThisThread, "a small lock was given back by a thread that does not hold it")
        Self.countHeld(-1)
        // Releasing: what this section wrote comes before the next section's reads; pairs with tryLock.
        owner.store(0, ordering: .releasing)
    }

    /// Whether the calling thread holds the lock.
    @inlinable @inline(__always)
    var isHeldByThisThread: Bool {
        // Relaxed: only this thread can have written its own index, and only it can have overwritten it.
        owner.load(ordering: .relaxed) == UInt32(bitPattern: ThreadRegistration.index &+ 2)
    }

    /// Returns how long it waited, or `nil` at the deadline.
    @usableFromInline @inline(never)
    func lockSlow(until deadline: Deadline) -> UInt64? {
        trapIfHeld()
        let start = MonotonicClock.now()
        var backoff = Backoff()
        while waitingSections.load(ordering: .relaxed) != 0, MonotonicClock.now() &- start < Self.courtesyNanoseconds {
            backoff.pause()
        }
        guard spinUntilLocked(until: deadline) else { return nil }
        return max(1, MonotonicClock.now() &- start)
    }

    @discardableResult
    private func spinUntilLocked(until deadline: Deadline = .never) -> Bool {
        var backoff = Backoff()
        while !tryLock() {
            // Relaxed: only a hint when to try; tryLock has the ordering.
            repeat {
                if deadline.hasPassed { return false }
                backoff.pause()
            } while owner.load(ordering: .relaxed) != 0
        }
        return true
    }

    private func trapIfHeld() {
        guard !isHeldByThisThread else {
            fatalError(
                "this thread already holds the lock: an install that faults or invalidates waits for itself, as does a nested section"
            )
        }
    }

    /// In a forked child: nobody holds it or waits for it, whoever did in the parent.
    package func resetAfterFork() {
        // Relaxed, both: there is one thread.
        owner.store(0, ordering: .relaxed)
        waitingSections.store(0, ordering: .relaxed)
    }

    /// Counts a small lock, of this kind or another, that the calling thread took (+1) or gave back (-1).
    @inlinable @inline(__always)
    static func countHeld(_ change: Int32) {
        #if DEBUG
            cplatform_thread().pointee.small_locks_held &+= UInt32(bitPattern: change)
        #endif
    }

    /// Traps in debug builds if the calling thread holds any small lock.
    @inlinable @inline(__always)
    static func assertNoneHeld() {
        assert(cplatform_thread().pointee.small_locks_held == 0, "a thread waits while holding a lock")
    }
}

/// One small lock for faults and sections alike, over the whole space: apart from the lock the same as ``MutexGuard``, and
/// apart from the stripes the same as ``StripeMutexGuard``.
package typealias SpinMutexGuard = SectionLockGuard<SmallLock>

extension SmallLock: SectionLock {
    @inlinable
    package static var measuresWaits: Bool { true }
    @inlinable
    package static var canTry: Bool { true }
    @inlinable @inline(__always)
    package func lockForFault() -> UInt64 { lock() }
    @inlinable @inline(__always)
    package func unlockForFault() { unlock() }
    @inlinable
    package func tryLockForSection() -> Bool { tryLock() }
    @inlinable
    package func unlockForSection() { unlock() }
}
