import CPlatform
import Synchronization

/// The subscriptions to ranges of one address space: an interval tree, and a sequence that says whether any of them is
/// being invalidated. It is the interval half of Linux's `struct mmu_notifier_subscriptions`.
///
/// A start calls exactly the subscriptions that share a page with its range, in the order of their first pages. There
/// is no call at the end. While the sequence is odd the tree is frozen, so that callbacks run outside the lock.
/// Insertions and removals that come meanwhile are put off until the last section ends.
///
/// Legal states, all written with the lock held. `sequence` is read without it, and `active` for reports:
///
///     sequence  active  tree         meaning
///     even      0       may change   idle
///     even      n > 0   may change   n sections are open, and none that was open beside them touched a watched range
///     odd       n > 0   frozen       n sections are open, and one touched a watched range, or a range was inserted
public final class IntervalNotifiers: @unchecked Sendable {
    // @unchecked: the state says under which lock each part of it is.
    @usableFromInline
    struct State: ~Copyable {
        @usableFromInline
        let lock = SmallLock()
        @usableFromInline
        let sequence: Atomic<UInt64>
        let active = Atomic<Int>(0)
        var tree = IntervalTree()
        /// The insertions and removals that are put off until the last end.
        var firstDeferred: UnsafeMutablePointer<IntervalNode>?
        var isReleased = false

        init(sequence: UInt64) { self.sequence = Atomic(sequence) }
    }

    @usableFromInline
    let lines: CacheLineArray<State>
    private let sleepers = WaitQueue()
    /// Held over the whole of a release, so that a second one returns when the first is done.
    let releases = PthreadMutex()

    /// A set without subscriptions.
    public convenience init() { self.init(sequence: 2) }

    /// `sequence` must be even.
    init(sequence: UInt64) { lines = CacheLineArray(count: 1) { State(sequence: sequence) } }

    @inlinable @inline(__always)
    var state: UnsafeMutablePointer<State> { lines[0] }

    /// How many sections are open; 0 when idle.
    public var activeCount: Int { state.pointee.active.load(ordering: .relaxed) }

    /// How many readers and removers sleep.
    var sleeperCount: Int { sleepers.sleeperCount }

    // MARK: Sections

    /// Opens a section: calls every subscriber whose range it touches, then runs their second passes. Returns `nil` if
    /// the invalidation is not blockable and a subscriber would block: then nothing stays open, and no end is owed.
    public func invalidateRangeStart(_ invalidation: Invalidation) -> InvalidationSection? {
        guard let failures = openHalf(invalidation) else { return nil }
        return InvalidationSection(invalidation: invalidation, failedIntervals: failures)
    }

    /// Closes a section, after the pages have changed.
    public func invalidateRangeEnd(_ section: consuming InvalidationSection) {
        let disposals = closeHalf()
        section.close()
        disposals.dispose()
    }

    /// Opens the interval half of a section. Returns how many subscribers failed although it may block; `nil` if it may
    /// not block and a subscriber would.
    @inline(never)  // off the path of spaces without such subscriptions
    func openHalf(_ invalidation: Invalidation) -> Int? {
        state.pointee.lock.lock()
        // Relaxed, the loads and the count: written with the lock held.
        state.pointee.active.store(state.pointee.active.load(ordering: .relaxed) + 1, ordering: .relaxed)
        let before = state.pointee.sequence.load(ordering: .relaxed)
        let isWatched = state.pointee.tree.overlaps(invalidation.range)
        // Releasing: a lock-free reader that loads this value, and not the even one before it, sees the changes of the
        // sections that ended (pairs with sequencesLockFree). If a reader loads the older value, the callback's record
        // voids its ticket.
        if isWatched { state.pointee.sequence.store(before | 1, ordering: .releasing) }
        state.pointee.lock.unlock()
        return isWatched ? callSubscribers(invalidation, sequence: before | 1) : 0
    }

    /// Runs outside the lock: the sequence is odd until this section's end, so no thread changes the tree.
    private func callSubscribers(_ invalidation: Invalidation, sequence: UInt64) -> Int? {
        NotifierCallbacks.enter()
        let failures: Int? = _withUnprotectedUnsafePointer(to: invalidation) { invalidation in
            var starts = IntervalStarts(invalidation, sequence: sequence)
            let isDone = state.pointee.tree.forEach(overlapping: invalidation.pointee.range, &starts)
            let failures = starts.finish()
            return isDone ? failures : nil
        }
        NotifierCallbacks.leave()
        if failures == nil { closeHalf().dispose() }
        return failures
    }

    /// Counts a section that calls no subscriber: it stands for sections that did not go through this half.
    func raise() {
        state.pointee.lock.lock()
        state.pointee.active.store(state.pointee.active.load(ordering: .relaxed) + 1, ordering: .relaxed)
        state.pointee.lock.unlock()
    }

    /// Closes the interval half of a section. The last one makes the sequence even, applies what was put off, and wakes
    /// the sleepers after it has given the lock back. Returns what must be disposed of outside of the section.
    func closeHalf() -> Disposals {
        state.pointee.lock.lock()
        let active = state.pointee.active.load(ordering: .relaxed) - 1
        precondition(active >= 0, "an invalidation ended that had not started")
        state.pointee.active.store(active, ordering: .relaxed)
        let sequence = state.pointee.sequence.load(ordering: .relaxed)
        guard active == 0, sequence & 1 != 0 else {
            state.pointee.lock.unlock()
            return Disposals(set: self, first: nil)
        }
        // Sequentially consistent: releases the change of the pages to readBegin, and comes before the load of the
        // number of sleepers (see WaitQueue). It is an exchange, since that load must not pass it. Wraps around below
        // the dead bit.
        _ = state.pointee.sequence.exchange(
            (sequence + 1) & ~IntervalNode.deadBit, ordering: .sequentiallyConsistent)
        let disposals = applyDeferred()
        state.pointee.lock.unlock()
        sleepers.wakeAll(outside: state.pointee.lock)
        return Disposals(set: self, first: disposals)
    }

    // MARK: Waiting

    /// Waits until the space's sequence differs from `sequence` or the node's subscription ends. `false` at the
    /// deadline.
    func waitForEnd(of sequence: UInt64, of node: UnsafeMutablePointer<IntervalNode>?, until deadline: Deadline) -> Bool
    {
        // The space's sequence: acquiring or stronger, so that what follows sees the changes of the sections that ended
        // (pairs with the exchange in closeHalf). The node's: see markDead.
        for _ in 0..<WaitQueue.spinsBeforeSleep {
            if state.pointee.sequence.load(ordering: .acquiring) != sequence { return true }
            cplatform_spin_hint()
        }
        return sleepers.wait(until: deadline) {
            state.pointee.sequence.load(ordering: .sequentiallyConsistent) == sequence
                && (node?.pointee.sequence.load(ordering: .sequentiallyConsistent) ?? 0) & IntervalNode.deadBit == 0
        }
    }

    /// In a forked child, with the lock held by this thread: no section is open and nobody sleeps. Does what was put off
    /// until the end of the last section, and returns whom to let go of. Whoever waited in `remove` is no more, so those
    /// are let go of as well.
    func resetAfterFork() -> Disposals {
        state.pointee.lock.resetAfterFork()
        releases.resetAfterFork()
        sleepers.resetAfterFork()
        // Relaxed: there is one thread. Even, and so much newer that the subscriptions' own can be newer than any before.
        state.pointee.active.store(0, ordering: .relaxed)
        let sequence = ((state.pointee.sequence.load(ordering: .relaxed) | 1) &+ 3) & ~IntervalNode.deadBit
        state.pointee.sequence.store(sequence, ordering: .relaxed)
        var deferred = state.pointee.firstDeferred
        while let node = deferred {
            if node.pointee.place == .awaitingRemoval { node.pointee.place = .awaitingDisposal }
            deferred = node.pointee.nextDeferred
        }
        let disposals = applyDeferred()
        _ = state.pointee.tree.forEach(overlapping: .everything) { node in
            node.pointee.resetAfterFork(sequence: (sequence &- 1) & ~IntervalNode.deadBit)
            return true
        }
        return Disposals(set: self, first: disposals)
    }

    /// In a forked child: tells every subscriber.
    func tellForked() {
        _ = state.pointee.tree.forEach(overlapping: .everything) { node in
            node.pointee.subscription?._withUnsafeGuaranteedRef { $0.subscriber?.processForked() }
            return true
        }
    }

    /// Wakes readers whose subscription has been marked as dead. Do not call it with a lock held that they take.
    func wakeReaders() { sleepers.wakeAll(outside: state.pointee.lock) }
}

/// Whether the calling thread is inside an interval subscriber's callback. There it must not wait for sections to end,
/// since its own is one of them.
///
/// The notifier list needs no such flag: a callback that runs in a read section is recognised by that.
enum NotifierCallbacks {
    static func enter() { cplatform_thread().pointee.interval_callbacks += 1 }

    static func leave() { cplatform_thread().pointee.interval_callbacks -= 1 }

    /// Traps with `reason` inside a callback.
    static func trapInside(_ reason: String) {
        precondition(cplatform_thread().pointee.interval_callbacks == 0, reason)
    }
}
