import Synchronization

/// A small lock that readers share and a writer has alone, in one word. It spins first, as the kernel's `rwlock_t`
/// spins. So a scheme that uses such a lock in the kernel is not measured on futexes here.
///
/// Legal states of the word:
///
///     bits  what     written by
///     0     writer   the writer, at lock and unlock
///     1     waiting  set by a writer that found the lock taken; cleared by the writer that gets the lock
///     2-31  readers  each reader +1 at lock, -1 at unlock; one that finds bit 0 or 1 set takes its +1 back and waits
///
///     writer  waiting  readers  meaning
///     0       0        0        free
///     0       0        n > 0    shared by n
///     0       1        n > 0    draining: n still have it, or take their +1 back; no new reader gets in
///     0       1        0        the next writer's
///     1       any      any      a writer has it alone; the readers counted take their +1 back
///
/// So readers that overlap for ever cannot starve a writer. Writers that follow each other closely can keep a reader
/// out until it gives up. The lock does not know who holds it, and it is not recursive: a reader that reads again may
/// meet a waiting writer, and then both wait until the reader gives up. In debug builds it counts among the small locks
/// that a thread holds (invariant 35).
@usableFromInline
struct SmallReadWriteLock: ~Copyable {
    @usableFromInline
    static var writer: UInt32 { 1 }
    @usableFromInline
    static var waiting: UInt32 { 2 }
    @usableFromInline
    static var reader: UInt32 { 4 }

    @usableFromInline
    let word = Atomic<UInt32>(0)

    @usableFromInline
    init() {}

    // MARK: Readers

    /// Shares the lock, and waits for writers no longer than a millisecond. Returns how long that took in nanoseconds,
    /// 0 if no writer had it or waited for it, or `nil` if it did not get the lock. Traps if it would have to wait
    /// inside an install or a drop.
    @inlinable @inline(__always) @discardableResult
    func lockShared() -> UInt64? { tryLockShared() ? 0 : lockSharedSlow() }

    /// Shares the lock if no writer has it or waits for it.
    @inlinable @inline(__always)
    func tryLockShared() -> Bool {
        // Acquiring: what this section reads comes after the last writer's unlock, which releases. This adds without a
        // load before it, so that the cache line comes in once, owned.
        let old = word.wrappingAdd(Self.reader, ordering: .acquiring).oldValue
        if old & (Self.writer | Self.waiting) == 0 {
            SmallLock.countHeld(1)
            return true
        }
        // Relaxed: nothing was read under it.
        word.wrappingSubtract(Self.reader, ordering: .relaxed)
        return false
    }

    /// Gives a share back.
    @inlinable @inline(__always)
    func unlockShared() {
        assert(word.load(ordering: .relaxed) >= Self.reader, "a share was given back that nobody had")
        SmallLock.countHeld(-1)
        // Releasing: what this section read and wrote comes before the next writer's section; pairs with take.
        word.wrappingSubtract(Self.reader, ordering: .releasing)
    }

    @usableFromInline @inline(never)
    func lockSharedSlow() -> UInt64? {
        InstallSection.trapFault()
        let start = MonotonicClock.now()
        let deadline = Deadline.after(nanoseconds: SmallLock.patienceNanoseconds)
        var backoff = Backoff()
        repeat {
            // Relaxed: only a hint when to try; tryLockShared has the ordering.
            while word.load(ordering: .relaxed) & (Self.writer | Self.waiting) != 0 {
                if deadline.hasPassed { return nil }
                backoff.pause()
            }
        } while !tryLockShared()
        return max(1, MonotonicClock.now() &- start)
    }

    // MARK: Writers

    /// Takes the lock alone; waits for readers and writers if it is taken, and then keeps new readers out.
    @inlinable
    func lockExclusive() {
        if !tryLockExclusive() { lockExclusiveSlow() }
    }

    /// Takes the lock alone if no thread has it. Leaves no trace if it fails.
    @inlinable
    func tryLockExclusive() -> Bool { take(from: 0) }

    /// Gives back the lock that was held alone.
    @inlinable
    func unlockExclusive() {
        assert(word.load(ordering: .relaxed) & Self.writer != 0, "a lock was given back that no writer had")
        SmallLock.countHeld(-1)
        // Releasing: what this section wrote comes before the next section's reads; pairs with tryLockShared and take.
        // It clears only its own bit: readers may be taking their +1 back, and a writer may have announced itself.
        word.bitwiseAnd(~Self.writer, ordering: .releasing)
    }

    @usableFromInline @inline(never)
    func lockExclusiveSlow() {
        var backoff = Backoff()
        while true {
            // Relaxed: decides only what to try.
            let current = word.load(ordering: .relaxed)
            if current & ~Self.waiting == 0 {
                if take(from: current) { return }
            } else if current & Self.waiting == 0 {
                // Relaxed: promises nothing yet. The lock may just have been given back; then the next round takes it.
                word.bitwiseOr(Self.waiting, ordering: .relaxed)
            }
            backoff.pause()
        }
    }

    /// In a forked child: nobody holds it or waits for it, whoever did in the parent.
    func resetAfterFork() {
        // Relaxed: there is one thread.
        word.store(0, ordering: .relaxed)
    }

    /// The step to "a writer has it alone" from a state without writer and readers. Clears the waiting bit: other
    /// writers that wait set it again.
    @inlinable
    func take(from free: UInt32) -> Bool {
        // Acquiring: what this section reads and writes comes after every section before it; pairs with both unlocks.
        // If the exchange fails, this reads nothing that the lock protects.
        let taken = word.compareExchange(
            expected: free, desired: Self.writer, successOrdering: .acquiring, failureOrdering: .relaxed
        ).exchanged
        if taken { SmallLock.countHeld(1) }
        return taken
    }
}
