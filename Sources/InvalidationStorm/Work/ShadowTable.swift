import CPlatform
import NotifierDispatch
import Synchronization

/// The translations that a device holds of an ``AddressSpace``: per page the generation that it saw, or nothing.
///
/// It checks itself (measurement of a stale translation, in three places): whenever an entry is overwritten, when an
/// invalidator looks over its range before the end, and when the whole table is compared after a run. None of the three
/// can raise a false alarm; each says why where it stands.
public final class ShadowTable: @unchecked Sendable {
    // @unchecked: the entries are atomics behind a pointer that never changes.
    @usableFromInline
    let space: AddressSpace
    @usableFromInline
    let entries: UnsafeMutablePointer<Atomic<UInt64>>
    @usableFromInline
    let stale = Atomic<UInt64>(0)

    /// Stands for "no translation"; generations start at 1.
    @inlinable
    static var nothing: UInt64 { 0 }

    /// How many entries one request for a cache line covers.
    static var entriesPerLine: Int { 64 / MemoryLayout<UInt64>.size }

    /// An empty table for a space.
    public init(space: AddressSpace) {
        self.space = space
        entries = .allocate(capacity: space.pages)
        for page in 0..<space.pages { (entries + page).initialize(to: Atomic(Self.nothing)) }
    }

    deinit {
        entries.deinitialize(count: space.pages)
        entries.deallocate()
    }

    /// How many stale translations the checks have found so far.
    public var staleCount: UInt64 { stale.load(ordering: .relaxed) }

    /// Makes a translation visible. Only inside a guard's install section.
    @inlinable @inline(__always)
    public func install(_ generation: UInt64, at page: Int) {
        // The line is taken to be written from the start, so that looking at it first costs no second transfer.
        cplatform_prefetch_for_write(entries + page)
        // Relaxed, both: the guard's install section orders them against teardowns.
        let old = entries[page].load(ordering: .relaxed)
        entries[page].store(generation, ordering: .relaxed)
        // Check 1, install. Two different generations met in one entry. The younger one came from a walk after some
        // change X, so the start of X's section has returned, and after that the older one must not be visible:
        // neither lie there still nor be installed now.
        if old != generation, old != Self.nothing { countStale() }
    }

    /// Removes the translations of a range. Called by a guard's teardown.
    public func clear(_ range: InvalidationRange) {
        for page in stride(from: range.startPage, to: range.endPage, by: Self.entriesPerLine) {
            cplatform_prefetch_for_write(entries + page)
        }
        for page in range.pages where entries[page].load(ordering: .relaxed) != Self.nothing {
            // Check 1, teardown. The page table is read first (it acquires), then the entry: one that is older than
            // what was read, and visible now, has outlived the start of the section that changed the page. A younger
            // one is fine: the page changed between the two reads.
            let current = space.walk(page)
            // Relaxed, both: the guard orders them against installs. Not one exchange, which would cost several times
            // as much: an install that slips between the two is a guard's failure, and is removed unseen.
            let old = entries[page].load(ordering: .relaxed)
            entries[page].store(Self.nothing, ordering: .relaxed)
            if old != Self.nothing, old < current { countStale() }
        }
    }

    /// Check 2, by the invalidator before the end of its section: from the return of a start to the end of the last
    /// section over a page nothing is visible, so anything is stale.
    func checkNothingVisible(in range: InvalidationRange) {
        for page in range.pages where entries[page].load(ordering: .relaxed) != Self.nothing { countStale() }
    }

    /// Check 3, after a run, when no thread is left: what is visible is what the page table says.
    func checkAgainstPageTable() {
        for page in 0..<space.pages {
            let entry = entries[page].load(ordering: .relaxed)
            if entry != Self.nothing, entry != space.walk(page) { countStale() }
        }
    }

    @usableFromInline @inline(never)
    func countStale() { stale.wrappingAdd(1, ordering: .relaxed) }
}
