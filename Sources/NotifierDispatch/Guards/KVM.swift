import Synchronization

/// How KVM keeps a guest's page tables right: a fault installs with a share of the lock, and an invalidation holds it
/// alone at its start and at its end. A fault looks for sections before it walks, and again before it takes the lock.
///
/// Source: Linux, virt/kvm/kvm_main.c (`kvm_mmu_invalidate_begin`, `_range_add`, `_end`) and include/linux/kvm_host.h
/// (`mmu_invalidate_retry_gfn`, and `_unsafe` for the look without the lock).
///
/// The race, with the outcome that it must have:
///
///     fault                                           invalidation of a range with the page
///     ticket = sequence               (acquire)       lock alone                          (acquire)
///     in progress, page in hull? wait                 hull covers the range; inProgress += 1; tear down
///     walk                                            unlock                              (release)
///     inProgress, hull, sequence: again? (acquire)    change the page
///     share the lock                  (acquire)       lock alone                          (acquire)
///     in progress, page in hull? again                sequence += 1                       (release)
///     sequence not the ticket?   again                inProgress -= 1                     (release)
///     install; give the share back    (release)       unlock                              (release)
///     Outcome: never an install of a value from before the change after the teardown.
///
/// The lock orders the install section and the two locked parts of the invalidation. If the install section is before
/// the first, the teardown removes what was installed. If it is between them, a section is in progress and the hull
/// covers the page, since the hull is reset only if nothing is in progress (invariant 31). If it is after the second,
/// the sequence has moved since the ticket; or the ticket was taken after that, and its load acquired the change of the
/// page, which the walk saw. The looks without the lock decide only whether to wait or to walk again. They may be wrong
/// both ways.
///
/// Legal states, all written with the lock held alone:
///
///     sequence      inProgress  hull
///     n             0           anything: left over from the last sections
///     n             m > 0       covers the m open sections and those that ended since none was open
///     dead bit set  0           anything: the subscription is over, and sections are not counted
public struct KVMScheme: ~Copyable, SectionObserver, LockingScheme {
    public static var capabilities: SubscriberCapabilities { .receivesEnd }

    /// The sequence that a reader began with.
    public struct Ticket: Sendable, BitwiseCopyable {
        @usableFromInline
        let sequence: UInt64

        @usableFromInline
        init(sequence: UInt64) { self.sequence = sequence }
    }

    @usableFromInline
    static var deadBit: UInt64 { 1 << 63 }

    @usableFromInline
    struct State: ~Copyable {
        /// How many sections have ended, and the dead bit.
        @usableFromInline
        let sequence = Atomic<UInt64>(0)
        /// How many sections are open.
        @usableFromInline
        let inProgress = Atomic<Int>(0)
        @usableFromInline
        let hullStart = Atomic<Int>(0)
        @usableFromInline
        let hullEnd = Atomic<Int>(0)
        @usableFromInline
        init() {}
    }

    /// On a line of its own, as in KVM: a fault that takes the lock leaves the state's line to faults that begin.
    @usableFromInline
    let locks = CacheLineArray<SmallReadWriteLock>(count: 1) { SmallReadWriteLock() }
    @usableFromInline
    let states = CacheLineArray<State>(count: 1) { State() }

    /// A scheme for one subscriber, with no section open.
    public init() {}

    @inlinable @inline(__always)
    var lock: UnsafeMutablePointer<SmallReadWriteLock> { locks[0] }

    @inlinable @inline(__always)
    var state: UnsafeMutablePointer<State> { states[0] }

    // MARK: Readers

    @inlinable @inline(__always)
    public func readBeginIfIdle(at page: Int) -> Ticket? {
        // First the count: a begin that sees markDead() forget the open sections then sees the dead bit, which comes
        // before that. A section that opens after this look is found by the check under the lock: it is in progress, or
        // the sequence has moved.
        guard !isInProgress(in: .page(page)) else { return nil }
        // Acquiring: the walk comes after it, and sees the change of every section whose end this load sees (pairs with
        // invalidationEnded).
        let sequence = state.pointee.sequence.load(ordering: .acquiring)
        return sequence & Self.deadBit == 0 ? Ticket(sequence: sequence) : nil
    }

    /// As pessimistic as the hull: it also finds a collision if the page lies between two open sections.
    @inlinable @inline(__always)
    public func checkRetry(_ ticket: Ticket, at page: Int) -> Bool { hasCollided(ticket, in: .page(page)) }

    @inlinable @inline(__always)
    public func lockForInstall(at page: Int) -> UInt64? { lock.pointee.lockShared() }

    @inlinable @inline(__always)
    public func unlockForInstall(at page: Int) { lock.pointee.unlockShared() }

    /// The sequence knows no ranges: if any section has ended since the ticket, wherever it was, the walk was in vain.
    @inlinable @inline(__always)
    public func readRetry(_ ticket: Ticket, at page: Int) -> Bool { hasCollided(ticket, in: .page(page)) }

    /// The hull is compared with the whole range.
    @inlinable @inline(__always)
    public func beginInstall(_ ticket: Ticket, over range: InvalidationRange) -> UInt64? {
        beginLocked(at: range.startPage, unless: hasCollided(ticket, in: range)) { hasCollided(ticket, in: range) }
    }

    @inlinable @inline(__always)
    func hasCollided(_ ticket: Ticket, in range: InvalidationRange) -> Bool {
        isInProgress(in: range) || hasMoved(since: ticket)
    }

    @inlinable
    public func isDead(at page: Int) -> Bool {
        // Relaxed: with a share of the lock, since the writer holds the lock alone. Without it, since nothing is read
        // on the strength of the answer: a thread that comes after markDead() reads true.
        state.pointee.sequence.load(ordering: .relaxed) & Self.deadBit != 0
    }

    /// Whether a section is open and the hull shares a page with the range. With a share of the lock the hull is exact.
    /// Without it the answer is a hint, which may mix the ends of two hulls.
    @inlinable @inline(__always)
    func isInProgress(in range: InvalidationRange) -> Bool {
        // Acquiring: a thread without the lock that sees the last section's end also sees the sequence, which moved
        // first (invariant 29; pairs with invalidationEnded). With a share of the lock, relaxed would do.
        state.pointee.inProgress.load(ordering: .acquiring) != 0
            // Relaxed: the lock orders them for the check that decides.
            && state.pointee.hullStart.load(ordering: .relaxed) < range.endPage
            && range.startPage < state.pointee.hullEnd.load(ordering: .relaxed)
    }

    /// Whether any section, or the subscription, has ended since the ticket.
    @inlinable @inline(__always)
    func hasMoved(since ticket: Ticket) -> Bool {
        // Relaxed: the lock orders it for the check that decides. Without the lock it is a hint.
        state.pointee.sequence.load(ordering: .relaxed) != ticket.sequence
    }
}

extension KVMScheme {
    // Relaxed loads and stores below: these words are written only with the lock held alone, and this thread holds it.

    public func invalidationStarted(
        _ invalidation: Invalidation, teardown: (InvalidationRange) -> Void
    ) -> StartResponse {
        lock.pointee.lockExclusive()
        defer { lock.pointee.unlockExclusive() }
        if !isDead(at: invalidation.range.startPage) { open(invalidation.range) }
        teardown(invalidation.range)
        return .done
    }

    /// Counts a section, and makes the hull cover it: the first open one resets the hull (invariant 31), the others
    /// make it grow.
    private func open(_ range: InvalidationRange) {
        let inProgress = state.pointee.inProgress.load(ordering: .relaxed)
        var (hullStart, hullEnd) = (range.startPage, range.endPage)
        if inProgress != 0 {
            hullStart = min(hullStart, state.pointee.hullStart.load(ordering: .relaxed))
            hullEnd = max(hullEnd, state.pointee.hullEnd.load(ordering: .relaxed))
        }
        state.pointee.hullStart.store(hullStart, ordering: .relaxed)
        state.pointee.hullEnd.store(hullEnd, ordering: .relaxed)
        state.pointee.inProgress.store(inProgress + 1, ordering: .relaxed)
    }

    public func invalidationEnded(_ invalidation: Invalidation) {
        lock.pointee.lockExclusive()
        defer { lock.pointee.unlockExclusive() }
        guard !isDead(at: invalidation.range.startPage) else { return }
        let inProgress = state.pointee.inProgress.load(ordering: .relaxed)
        precondition(inProgress > 0, "an invalidation ended that had not started")
        let sequence = state.pointee.sequence.load(ordering: .relaxed)
        // Releasing: the change of the pages comes before it (pairs with readBeginIfIdle).
        state.pointee.sequence.store(sequence + 1, ordering: .releasing)
        // Releasing: the sequence moves before the count drops (invariant 29; pairs with isInProgress).
        state.pointee.inProgress.store(inProgress - 1, ordering: .releasing)
    }

    public func resetAfterFork() {
        lock.pointee.resetAfterFork()
        state.pointee.inProgress.store(0, ordering: .relaxed)
        let sequence = state.pointee.sequence.load(ordering: .relaxed)
        let next = (sequence &+ 1) & ~Self.deadBit
        state.pointee.sequence.store(sequence & Self.deadBit | next, ordering: .relaxed)
    }

    /// Forgets open sections, and marks the subscription as over for every reader that waits or checks.
    public func markDead() {
        lock.pointee.lockExclusive()
        defer { lock.pointee.unlockExclusive() }
        // Relaxed: it tells readers not to install, which orders nothing.
        state.pointee.sequence.bitwiseOr(Self.deadBit, ordering: .relaxed)
        // Releasing: the dead bit comes before it (pairs with isInProgress in readBeginIfIdle).
        state.pointee.inProgress.store(0, ordering: .releasing)
    }
}

/// KVM's scheme as a guard: a count of open sections, a sequence of ended ones and a hull of their ranges, under one
/// read-write lock.
public typealias KVMGuard = RetryingGuard<KVMScheme>

extension RetryingGuard where Scheme == KVMScheme {
    /// A guard for a subscriber of `space`.
    public convenience init(space: AddressSpace, budget: RetryBudget = RetryBudget()) {
        self.init(scheme: KVMScheme(), space: space, budget: budget)
    }
}
