import CPlatform
import Synchronization

/// A sequence lock for page-table walks: a fault walks without a lock, and checks afterwards whether an invalidation
/// started meanwhile. It is the "invlock" sketched on linux-mm in June 2019, with the sketch's defects made right.
///
/// A subscriber owns one and calls it from its callbacks. Faults use it like this:
///
///     readBegin -> ticket; walk; lock; readRetry(ticket)? unlock, again : install; unlock
///
/// The lock belongs to the InvLock (``lock()``), because both sides must take the same one: the teardown of a start
/// runs under it. If an install section comes before the teardown, the teardown removes what it installed. If it comes
/// after the teardown, its check sees the start:
///
///     fault                                     invalidation
///     ticket = sequence            (acquire)    lock; tear down; sequence becomes odd; unlock
///     walk                                      change the pages
///     lock; sequence == ticket? install; unlock lock; last one: sequence becomes even; unlock   (release)
///     Outcome: never an install of a value from before the change after the teardown.
///
/// Legal states, all written with the lock held (invariant 13); readers load `sequence` alone without it:
///
///     sequence        active  meaning
///     even            0       idle
///     odd             n > 0   n interesting sections are open; the hull covers them and those that ended since idle
///     dead bit set    0       the subscription is over: readers get `dead`, sections are not counted
public final class InvLock: Sendable {
    /// What a reader holds between begin and retry.
    public struct Ticket: Sendable, BitwiseCopyable {
        @usableFromInline
        let sequence: UInt64
        /// The pages that the reader cares for; all pages if it gave no range.
        @usableFromInline
        let startPage: Int
        @usableFromInline
        let endPage: Int

        @usableFromInline
        init(sequence: UInt64, startPage: Int, endPage: Int) {
            self.sequence = sequence
            self.startPage = startPage
            self.endPage = endPage
        }
    }

    @usableFromInline
    static var deadBit: UInt64 { 1 << 63 }
    @usableFromInline
    struct State: ~Copyable {
        @usableFromInline
        let lock = SmallLock()
        @usableFromInline
        let sequence = Atomic<UInt64>(0)
        let active = Atomic<Int>(0)
        @usableFromInline
        let hullStart = Atomic<Int>(0)
        @usableFromInline
        let hullEnd = Atomic<Int>(0)
    }

    @usableFromInline
    let lines = CacheLineArray<State>(count: 1) { State() }
    private let sleepers = WaitQueue()
    private let sections: OpenSections

    /// A lock for a subscriber of `space`.
    public init(space: AddressSpace) { sections = space.sections }

    @inlinable @inline(__always)
    var state: UnsafeMutablePointer<State> { lines[0] }

    // MARK: The install section

    /// Takes the lock of the install section. Nothing inside it may sleep. Returns the wait in nanoseconds, 0 for none.
    @inlinable @inline(__always) @discardableResult
    public func lock() -> UInt64 { state.pointee.lock.lock() }

    /// Gives the lock of the install section back.
    @inlinable @inline(__always)
    public func unlock() { state.pointee.lock.unlock() }

    // MARK: Readers

    /// Begins an optimistic read. Returns at once if no interesting section is open; otherwise waits for the last end,
    /// at most until the deadline (invariant 34).
    ///
    /// A reader that gives its `range` does not wait for sections elsewhere. The filter is the hull of the open
    /// sections: a reader may wait although its range lies between two of them, but it always waits if one touches its
    /// range.
    public func readBegin(range: InvalidationRange? = nil, until deadline: Deadline) -> ReadBegin<Ticket> {
        if let ticket = readBeginIfIdle(range: range) { return .ticket(ticket) }
        return readBeginSlow(range: range, until: deadline)
    }

    /// ``readBegin(range:until:)`` without the wait: `nil` if any interesting section is open, also one elsewhere, or
    /// if the subscription is over.
    @inlinable @inline(__always)
    public func readBeginIfIdle(range: InvalidationRange? = nil) -> Ticket? {
        // Acquiring: the walk sees the change of every section whose end this load sees (pairs with the exchange in
        // invalidationEnded).
        let sequence = state.pointee.sequence.load(ordering: .acquiring)
        guard sequence & (1 | Self.deadBit) == 0 else { return nil }
        return Ticket(sequence: sequence, startPage: range?.startPage ?? 0, endPage: range?.endPage ?? .max)
    }

    private func readBeginSlow(range: InvalidationRange?, until deadline: Deadline) -> ReadBegin<Ticket> {
        var spins = 0
        var colliding: UInt64?
        while true {
            // Acquiring: as in readBeginIfIdle.
            let sequence = state.pointee.sequence.load(ordering: .acquiring)
            if sequence & Self.deadBit != 0 { return .dead }
            let ticket = Ticket(
                sequence: sequence, startPage: range?.startPage ?? 0, endPage: range?.endPage ?? .max)
            if sequence & 1 == 0 { return .ticket(ticket) }
            // Once for each value of the sequence: the hull only grows until it moves, so a collision stays one.
            if range != nil, colliding != sequence {
                state.pointee.lock.lock()
                let collides = readRetry(ticket)
                state.pointee.lock.unlock()
                if !collides { return .ticket(ticket) }
                colliding = sequence
            }
            if spins < WaitQueue.spinsBeforeSleep {
                spins += 1
                cplatform_spin_hint()
                continue
            }
            // Sleeps only while the sequence is the one just read (invariant 14). Sequentially consistent: pairs with
            // the exchange in invalidationEnded (see WaitQueue).
            let moved = sleepers.wait(until: deadline) {
                state.pointee.sequence.load(ordering: .sequentiallyConsistent) == sequence
            }
            if !moved || deadline.hasPassed { return .busy }
        }
    }

    /// Whether the ticket's walk must be thrown away: `true` means retry. The caller holds the lock.
    ///
    /// Once true for a ticket it stays true (invariant 9): the sequence repeats only after 2^63 steps, and the hull
    /// only grows until the sequence moves.
    @inlinable @inline(__always)
    public func readRetry(_ ticket: Ticket) -> Bool {
        // Relaxed: written only with the lock held, which this thread holds.
        let sequence = state.pointee.sequence.load(ordering: .relaxed)
        guard sequence == ticket.sequence else { return true }
        return sequence & 1 != 0
            && ticket.startPage < state.pointee.hullEnd.load(ordering: .relaxed)
            && state.pointee.hullStart.load(ordering: .relaxed) < ticket.endPage
    }

    /// ``readRetry(_:)-(Ticket)`` without the lock, to save taking it in vain. It may miss a collision, but never invents one
    /// (invariant 10). After `false` the caller must check under the lock.
    public func checkRetry(_ ticket: Ticket) -> Bool {
        // Relaxed: a hint; the check under the lock decides.
        state.pointee.sequence.load(ordering: .relaxed) != ticket.sequence
    }

    // MARK: The lease

    /// Begins a read under a lease, for a reader that was disturbed too often: invalidations of the whole space hold
    /// back, each for a millisecond at most. Waits until no interesting section is open. Returns `busy` at the
    /// deadline.
    ///
    /// The lease is not a lock: a section may start in spite of it, and if 64 leases are held already, this reader gets
    /// none. So a reader installs only if ``readRetry(_:)-(ExclusiveTicket)`` is false under the lock. The lease ends
    /// when the ticket is consumed or dropped, on any thread.
    public func readBeginExclusive(until deadline: Deadline) -> ExclusiveRead {
        let claim = sections.gate.claim(.everything)
        switch readBegin(until: deadline) {
        case .ticket(let ticket): return .granted(ExclusiveTicket(ticket, claim: claim, of: self))
        case .busy:
            sections.gate.giveBack(claim)
            return .busy
        case .dead:
            sections.gate.giveBack(claim)
            return .dead
        }
    }

    /// ``readRetry(_:)-(Ticket)`` for a read under a lease. Traps if another lock began the read.
    public func readRetry(_ exclusive: borrowing ExclusiveTicket) -> Bool {
        precondition(exclusive.lock === self, "an exclusive read is asked for on another lock than its own")
        return readRetry(exclusive.ticket)
    }

    /// The outcome of ``readBeginExclusive(until:)``.
    public enum ExclusiveRead: ~Copyable {
        /// Walk, and install if `readRetry` is false with the lock held.
        case granted(ExclusiveTicket)
        /// The deadline passed.
        case busy
        /// The subscription is over.
        case dead
    }

    /// A read under a lease, which ends when this is consumed or dropped.
    public struct ExclusiveTicket: ~Copyable, Sendable {
        fileprivate let ticket: Ticket
        fileprivate let lock: InvLock
        private let claim: Int?

        fileprivate init(_ ticket: Ticket, claim: Int?, of lock: InvLock) {
            self.ticket = ticket
            self.claim = claim
            self.lock = lock
        }

        deinit { lock.sections.gate.giveBack(claim) }
    }

    /// Ends the lease.
    public func readEndExclusive(_ ticket: consuming ExclusiveTicket) {}

    // MARK: Sections

    /// A section starts. A range is `interesting` if the subscriber may hold translations of it: then readers that
    /// began before will retry, and new ones wait. `teardown` runs under the lock in either case.
    public func invalidationStarted(
        _ range: InvalidationRange, interesting: Bool = true, teardown: (InvalidationRange) -> Void
    ) {
        state.pointee.lock.lockForSection()
        defer { state.pointee.lock.unlock() }
        teardown(range)
        let sequence = state.pointee.sequence.load(ordering: .relaxed)
        guard interesting, sequence & Self.deadBit == 0 else { return }
        let active = state.pointee.active.load(ordering: .relaxed)
        state.pointee.active.store(active + 1, ordering: .relaxed)
        if sequence & 1 == 0 {
            state.pointee.hullStart.store(range.startPage, ordering: .relaxed)
            state.pointee.hullEnd.store(range.endPage, ordering: .relaxed)
            // Relaxed: the lock orders it for readRetry, which finds the ticket of a readBegin that missed it.
            state.pointee.sequence.store(sequence + 1, ordering: .relaxed)
        } else {
            let hullStart = min(state.pointee.hullStart.load(ordering: .relaxed), range.startPage)
            let hullEnd = max(state.pointee.hullEnd.load(ordering: .relaxed), range.endPage)
            state.pointee.hullStart.store(hullStart, ordering: .relaxed)
            state.pointee.hullEnd.store(hullEnd, ordering: .relaxed)
        }
    }

    /// A section ends; `interesting` as at its start. The last interesting one lets readers in, and wakes the sleepers
    /// after it has given the lock back.
    public func invalidationEnded(_ range: InvalidationRange, interesting: Bool = true) {
        guard interesting else { return }
        state.pointee.lock.lockForSection()
        let sequence = state.pointee.sequence.load(ordering: .relaxed)
        guard sequence & Self.deadBit == 0 else { return state.pointee.lock.unlock() }
        let active = state.pointee.active.load(ordering: .relaxed)
        precondition(active > 0, "an interesting invalidation ended that had not started")
        state.pointee.active.store(active - 1, ordering: .relaxed)
        if active == 1 {
            // Sequentially consistent: releases the change of the pages to readBegin, and comes before the look at the
            // sleepers (see WaitQueue). It is an exchange, so that the look cannot pass it. Wraps around below the dead
            // bit.
            _ = state.pointee.sequence.exchange((sequence + 1) & ~Self.deadBit, ordering: .sequentiallyConsistent)
        }
        state.pointee.lock.unlock()
        if active == 1 { sleepers.wakeAll(outside: state.pointee.lock) }
    }

    /// Ends the subscription: forgets open sections, and wakes the sleepers. Every reader gets `dead` from now on.
    public func markDead() {
        state.pointee.lock.lock()
        state.pointee.active.store(0, ordering: .relaxed)
        // Sequentially consistent: as in invalidationEnded.
        state.pointee.sequence.bitwiseOr(Self.deadBit, ordering: .sequentiallyConsistent)
        state.pointee.lock.unlock()
        sleepers.wakeAll(outside: state.pointee.lock)
    }

    /// In a forked child: no section is open, and nobody sleeps or holds the lock. To be called by the subscriber that owns
    /// it, in ``InvalidationSubscriber/processForked()``.
    public func resetAfterFork() {
        state.pointee.lock.resetAfterFork()
        sleepers.resetAfterFork()
        // Relaxed, all: there is one thread. Even, and another one than any ticket's.
        state.pointee.active.store(0, ordering: .relaxed)
        let sequence = state.pointee.sequence.load(ordering: .relaxed)
        let next = ((sequence | 1) &+ 1) & ~Self.deadBit
        state.pointee.sequence.store(sequence & Self.deadBit | next, ordering: .relaxed)
    }

    /// Whether the subscription is over. If the caller holds the lock, the answer stays right until it gives the lock
    /// back.
    @inlinable
    var isDead: Bool {
        // Acquiring: more than is needed, since nothing is read on the strength of it.
        state.pointee.sequence.load(ordering: .acquiring) & Self.deadBit != 0
    }

    /// How many interesting sections are open; 0 when idle and after ``markDead()``.
    public var activeCount: Int { state.pointee.active.load(ordering: .relaxed) }

    var sleeperCount: Int { sleepers.sleeperCount }
}

/// The invlock as a guard: a count and a sequence of the open sections, both of the subscriber, and a lock for
/// installs.
public typealias InvLockGuard = RetryingGuard<InvLock>

extension RetryingGuard where Scheme == InvLock {
    /// A guard for a subscriber of `space`.
    public convenience init(space: AddressSpace, budget: RetryBudget = RetryBudget()) {
        self.init(scheme: InvLock(space: space), space: space, budget: budget)
    }
}

/// A fault reads with all pages as its range. With its own page it would have to take the lock to begin beside an open
/// section.
extension InvLock: SectionObserver, LockingScheme {
    public static var capabilities: SubscriberCapabilities { .receivesEnd }

    @inlinable @inline(__always)
    public func readBeginIfIdle(at page: Int) -> Ticket? { readBeginIfIdle() }

    public func readBegin(at page: Int, until deadline: Deadline) -> ReadBegin<Ticket> { readBegin(until: deadline) }

    @inlinable @inline(__always)
    public func lockForInstall(at page: Int) -> UInt64? { state.pointee.lock.lockForInstall() }

    @inlinable @inline(__always)
    public func unlockForInstall(at page: Int) { unlock() }

    @inlinable @inline(__always)
    public func readRetry(_ ticket: Ticket, at page: Int) -> Bool { readRetry(ticket) }

    @inlinable
    public func isDead(at page: Int) -> Bool { isDead }

    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        invalidationStarted(invalidation.range, teardown: teardown)
        return .done
    }

    public func invalidationEnded(_ invalidation: Invalidation) { invalidationEnded(invalidation.range) }
}
