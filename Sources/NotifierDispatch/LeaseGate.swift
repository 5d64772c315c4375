import CPlatform
import Synchronization

/// Where a fault that was disturbed too often asks the invalidations of its pages to hold back for a moment.
///
/// A claim is a lease and not a lock. A start that meets one waits until the claim is given back, but no longer than
/// the courtesy, and once, however many faults claim its pages. So a start ends whatever the claimants wait for, even a
/// lock that the caller of the start holds:
///
///     fault                                     invalidation, with the driver's mapping lock held
///     claim the page
///     walk: wait for the mapping lock           start: the page is claimed; wait 1 ms; go on
///                                               tear down, change, end; give the mapping lock back
///     walk; install: collided; again            (the next start waits, too)
///     Outcome: both end. The fault installs if its page is idle for a walk and an install; else it is busy.
///
/// No safety depends on a claim, only how long things take: every fault validates its ticket, with a claim or without.
/// So all loads and stores are relaxed, and a start that misses a claim does no harm.
///
/// Legal states of `taken`: bit i is set while slot i belongs to a fault. Legal states of a slot:
///
///     start, end   meaning
///     0, 0         free, or its fault has not yet written what it claims
///     start < end  the thread `claimant` claims these pages
@usableFromInline
package struct LeaseGate: ~Copyable, @unchecked Sendable {
    // @unchecked: atomics behind pointers.

    /// How long a start gives way, in nanoseconds.
    static let courtesyNanoseconds: UInt64 = 1_000_000
    /// If this many faults hold a claim, another fault goes on without one.
    private static let slotCount = 64

    struct Slot: ~Copyable {
        let startPage = Atomic<Int>(0)
        let endPage = Atomic<Int>(0)
        let claimant = Atomic<Int32>(-1)
    }

    /// Every start reads it, so nothing else is written on its cache lines.
    private let taken = CacheLineArray<Atomic<UInt64>>(count: 1) { Atomic(0) }
    private let slots = CacheLineArray<Slot>(count: Self.slotCount) { Slot() }

    init() {}

    /// Whether any fault holds a claim.
    package var isClaimed: Bool { taken[0].pointee.load(ordering: .relaxed) != 0 }

    // MARK: Faults

    /// Asks starts over these pages to hold back until ``giveBack(_:)``. Never waits. Returns the slot, or `nil` if all
    /// slots are taken.
    @usableFromInline
    func claim(_ range: InvalidationRange) -> Int? {
        var current = taken[0].pointee.load(ordering: .relaxed)
        while true {
            let slot = (~current).trailingZeroBitCount
            guard slot < Self.slotCount else { return nil }
            let (exchanged, original) = taken[0].pointee.weakCompareExchange(
                expected: current, desired: current | 1 << UInt64(slot), ordering: .relaxed)
            if exchanged {
                slots[slot].pointee.claimant.store(Int32(ThreadRegistration.registeredIndex), ordering: .relaxed)
                slots[slot].pointee.startPage.store(range.startPage, ordering: .relaxed)
                slots[slot].pointee.endPage.store(range.endPage, ordering: .relaxed)
                return slot
            }
            current = original
        }
    }

    /// Ends a claim, if there is one.
    @usableFromInline
    func giveBack(_ claimed: Int?) {
        guard let slot = claimed else { return }
        slots[slot].pointee.endPage.store(0, ordering: .relaxed)
        slots[slot].pointee.startPage.store(0, ordering: .relaxed)
        slots[slot].pointee.claimant.store(-1, ordering: .relaxed)
        taken[0].pointee.bitwiseAnd(~(1 << UInt64(slot)), ordering: .relaxed)
    }

    /// In a forked child: nobody claims anything.
    func resetAfterFork() {
        for slot in 0..<Self.slotCount { giveBack(slot) }
    }

    // MARK: Starts

    /// Waits while faults claim pages of the range, no longer than the courtesy. Does not wait if the invalidation must
    /// not block, nor on a thread that holds a claim itself and whose walk invalidates.
    @inline(__always)
    func giveWay(to invalidation: Invalidation) {
        if _slowPath(taken[0].pointee.load(ordering: .relaxed) != 0) { giveWaySlow(to: invalidation) }
    }

    @inline(never)
    private func giveWaySlow(to invalidation: Invalidation) {
        guard invalidation.isBlockable, isClaimedByOthers(invalidation.range) else { return }
        SmallLock.assertNoneHeld()
        let courtesy = Deadline.after(nanoseconds: Self.courtesyNanoseconds)
        var backoff = Backoff()
        repeat { backoff.pause() } while !courtesy.hasPassed && isClaimedByOthers(invalidation.range)
    }

    /// Whether threads other than this one claim a page of the range, and this one claims nothing.
    private func isClaimedByOthers(_ range: InvalidationRange) -> Bool {
        let me = ThreadRegistration.index
        var remaining = taken[0].pointee.load(ordering: .relaxed)
        var isClaimed = false
        while remaining != 0 {
            let slot = slots[remaining.trailingZeroBitCount]
            remaining &= remaining &- 1
            if me >= 0, slot.pointee.claimant.load(ordering: .relaxed) == me { return false }
            if range.startPage < slot.pointee.endPage.load(ordering: .relaxed),
                slot.pointee.startPage.load(ordering: .relaxed) < range.endPage
            {
                isClaimed = true
            }
        }
        return isClaimed
    }
}
