import Synchronization

/// The open sections of one address space: their count, the gate at which they give way to faults, and the
/// registrations that wait for them.
///
/// Guards hold this and not the space, so that a space, its caches and their guards form no cycle.
///
/// A cache that registers while sections are open was not told of their starts. So its guard is covered: it behaves as
/// if a section over the whole cache were open, until the sections that were open have ended. New ones start meanwhile,
/// and the count of all sections may never reach 0. So the counter counts by epochs.
///
///     register                                   section
///     link the entry; newest serial = its own    counter + 1                         (both seq_cst)
///     counter's state: idle? done   (seq_cst)    newest serial?                      (seq_cst)
///     guard: as if a section started             call the starts of entries up to that serial
///     note the cover and its epoch (seq_cst)     change the pages
///     settle                                     ends; counter - 1                   (seq_cst)
///                                                last of its parity, covers noted? settle   (seq_cst)
///     Outcome: the section calls the entry, or the registration sees the section. The registration settles the cover,
///     or the end of the last section that the cover waits for does.
///
/// Settling ends the covers whose sections have ended. It advances the epoch if a cover needs that and the epoch before
/// has no open section left. The lock serialises it. An end that comes meanwhile finds the cover and settles next.
@usableFromInline
package final class OpenSections: @unchecked Sendable {
    // @unchecked: `covers` is only touched with `lock` held.

    /// How many sections are open and how many there were.
    @usableFromInline
    package let counter = RangeCounter()
    /// Where starts give way to faults.
    @usableFromInline
    package let gate = LeaseGate()
    let lock = SmallLock()
    private var covers: [Cover] = []
    /// How many covers are noted. Written with `lock` held.
    private let coverCount = Atomic<Int>(0)

    /// A cover, which waits for the sections of an epoch and of the epochs before it.
    private struct Cover {
        let epoch: UInt64
        let end: @Sendable () -> Void
    }

    /// The tags that the space had before the process forked: sections with one of them were opened in a parent.
    private(set) var formerTags: [UInt16] = []
    private let currentTag: Atomic<UInt16>
    private static let made = Atomic<UInt64>(0)

    init() { currentTag = Atomic(Self.nextTag()) }

    // Relaxed: only the number counts.
    private static func nextTag() -> UInt16 {
        InvalidationSection.tag(of: made.wrappingAdd(1, ordering: .relaxed).oldValue)
    }

    /// Tells the sections of this space from those of most others, and from those of a parent process.
    // Relaxed: it changes in a forked child only, before that has a second thread.
    @inline(__always)
    var tag: UInt16 { currentTag.load(ordering: .relaxed) }

    /// In a forked child, with `lock` held by this thread: no section is open. What waits for the end of sections waits
    /// no more, and is not told: the guards are reset as well.
    func resetAfterFork() {
        lock.resetAfterFork()
        counter.resetAfterFork()
        gate.resetAfterFork()
        covers = []
        coverCount.store(0, ordering: .relaxed)
        formerTags.append(tag)
        var tag = Self.nextTag()
        while formerTags.contains(tag) { tag = Self.nextTag() }
        currentTag.store(tag, ordering: .relaxed)
    }

    /// Runs `begin` now, and `end` once every section that is open now has ended. Runs neither if no section is open.
    /// `end` runs on a thread that ends a section, after that section's end, or on this thread. Call this after the
    /// registration has been published. Never waits for a section.
    ///
    /// If sections of two epochs are open now, `end` may also wait for some that start after the return. These belong
    /// to the present epoch, which goes on until the sections of the epoch before have ended.
    func cover(begin: () -> Void, end: @escaping @Sendable () -> Void) {
        let state = counter.state
        guard !state.isIdle else { return }
        begin()
        lock.lock()
        covers.append(Cover(epoch: state.newestOpenEpoch, end: end))
        // Sequentially consistent: comes before the load of the counter in settle; pairs with the load in end.
        coverCount.store(covers.count, ordering: .sequentiallyConsistent)
        lock.unlock()
        settle()
    }

    /// Closes a section.
    @inline(__always)
    func end(parity: UInt64) {
        // Sequentially consistent: comes after the subtraction in lower; pairs with the store in cover.
        if counter.lower(parity: parity), coverCount.load(ordering: .sequentiallyConsistent) != 0 { settle() }
    }

    /// Ends the covers whose sections have ended.
    @inline(never)
    private func settle() {
        var settled: [Cover] = []
        lock.lock()
        while !covers.isEmpty {
            let state = counter.state
            let first = covers.partition { state.haveEnded(since: $0.epoch) }
            settled += covers[first...]
            covers.removeSubrange(first...)
            let mustAdvance = covers.contains { $0.epoch == state.epoch }
            // After a failed exchange the loop looks again. If it ends here, an end still to come settles the rest.
            guard mustAdvance, state.mayAdvance else { break }
            _ = counter.advance(from: state)
        }
        // Relaxed would do: the number falls here, and an end that loads an older one settles for nothing.
        coverCount.store(covers.count, ordering: .sequentiallyConsistent)
        lock.unlock()
        for cover in settled { cover.end() }
    }
}
