import CPlatform
import NotifierDispatch
import Synchronization

/// The translations that a device holds of a ``PageTable``: per page the generation that it saw, or nothing.
///
/// It checks itself (measurement of a stale translation, in three places): whenever an entry is overwritten, when an
/// invalidator looks over its range before the end, and when the whole table is compared after a run. None of the three
/// can raise a false alarm; each says why where it stands.
public final class ShadowTable: @unchecked Sendable {
    // @unchecked: the entries are atomics behind a pointer that never changes.
    @usableFromInline
    let pageTable: PageTable
    @usableFromInline
    typealias Entries = UnsafeMutablePointer<Atomic<UInt64>>
    @usableFromInline
    let entries: Entries
    @usableFromInline
    let stale = Atomic<UInt64>(0)
    private let mapping: UnsafeMutableRawBufferPointer

    /// Stands for "no translation"; generations start at 1.
    @inlinable
    static var nothing: UInt64 { 0 }

    /// How many entries one request for a cache line covers.
    @inlinable
    static var entriesPerLine: Int { 64 / MemoryLayout<UInt64>.size }

    /// An empty table for the translations of a page table, in memory of the same kind.
    public init(pageTable: PageTable) {
        self.pageTable = pageTable
        mapping = pageTable.memory.map(bytes: pageTable.pages * MemoryLayout<Atomic<UInt64>>.stride)
        entries = mapping.baseAddress!.bindMemory(to: Atomic<UInt64>.self, capacity: pageTable.pages)
        for page in 0..<pageTable.pages { (entries + page).initialize(to: Atomic(Self.nothing)) }
        pageTable.memory.check(mapping)
    }

    deinit {
        entries.deinitialize(count: pageTable.pages)
        MemoryBinder.unmap(mapping)
    }

    /// How many stale translations the checks have found so far.
    public var staleCount: UInt64 { stale.load(ordering: .relaxed) }

    /// Makes a translation visible. Only inside a guard's install section.
    @inlinable @inline(__always)
    public func install(_ generation: UInt64, at page: Int) { install(generation, at: page, in: entries) }

    /// The same where the caller holds the `entries` already.
    @inlinable @inline(__always)
    func install(_ generation: UInt64, at page: Int, in entries: Entries) {
        let overwritesAnother = Self.holdsAnother(than: generation, at: page, in: entries)
        // Relaxed: the guard's install section orders it against teardowns.
        entries[page].store(generation, ordering: .relaxed)
        if overwritesAnother { Self.countStale(in: self) }
    }

    /// Check 1, install. Whether the entry that `generation` is about to be installed in holds another generation. If it
    /// is installed then, two generations have met. The younger one came from a walk after some change X, so the start of
    /// X's section has returned, and after that the older one must not be visible: neither lie there still nor be
    /// installed now. To be called behind the walk.
    @inlinable @inline(__always)
    static func holdsAnother(than generation: UInt64, at page: Int, in entries: Entries) -> Bool {
        // The line is taken to be written from the start, so that looking at it first costs no second transfer.
        cplatform_prefetch_for_write(entries + page)
        return isAnother(than: generation, at: page, in: entries)
    }

    @inlinable @inline(__always)
    static func isAnother(than generation: UInt64, at page: Int, in entries: Entries) -> Bool {
        // Relaxed: it comes after the page table, whose load acquires, and before the store to the same entry.
        let old = entries[page].load(ordering: .relaxed)
        // One product instead of two jumps: in a storm half of the entries are empty, which no processor can predict. It is 0
        // only where a factor is, as long as the two have fewer than 64 factors of two.
        return (old &- nothing) &* (old &- generation) != 0
    }

    /// Check 1 for the pages of a range: in how many of its entries ``holdsAnother(than:at:in:)`` finds another generation
    /// than the walk found. The lines are asked for before the walk: see ``prefetch(_:in:)``.
    @inlinable @inline(__always)
    static func countOthers(than walked: WalkedPages, in range: InvalidationRange, in entries: Entries) -> UInt64 {
        var count: UInt64 = 0
        for page in range.pages where isAnother(than: walked[page, of: range], at: page, in: entries) { count &+= 1 }
        return count
    }

    /// Takes the lines of a range to be written.
    @inlinable @inline(__always)
    static func prefetch(_ range: InvalidationRange, in entries: Entries) {
        for page in stride(from: range.startPage, to: range.endPage, by: entriesPerLine) {
            cplatform_prefetch_for_write(entries + page)
        }
    }

    /// Removes the translations of a range. Called by a guard's teardown.
    public func clear(_ range: InvalidationRange) {
        Self.prefetch(range, in: entries)
        for page in range.pages where entries[page].load(ordering: .relaxed) != Self.nothing {
            // Check 1, teardown. The page table is read first (it acquires), then the entry: one that is older than
            // what was read, and visible now, has outlived the start of the section that changed the page. A younger
            // one is fine: the page changed between the two reads.
            let current = pageTable.walk(page)
            // Relaxed, both: the guard orders them against installs. Not one exchange, which would cost several times
            // as much: an install that slips between the two is a guard's failure, and is removed unseen.
            let old = entries[page].load(ordering: .relaxed)
            entries[page].store(Self.nothing, ordering: .relaxed)
            if old != Self.nothing, old < current { Self.countStale(in: self) }
        }
    }

    /// Check 2, by the invalidator before the end of its section: from the return of a start to the end of the last
    /// section over a page nothing is visible, so anything is stale. Also between two lives of the space: a release
    /// has dropped everything when it returns, and the guard is dead (invariants 22 and 37).
    func checkNothingVisible(in range: InvalidationRange) {
        for page in range.pages where entries[page].load(ordering: .relaxed) != Self.nothing {
            Self.countStale(in: self)
        }
    }

    /// Check 3, after a run, when no thread is left: what is visible is what the page table says.
    func checkAgainstPageTable() {
        for page in 0..<pageTable.pages {
            let entry = entries[page].load(ordering: .relaxed)
            if entry != Self.nothing, entry != pageTable.walk(page) { Self.countStale(in: self) }
        }
    }

    // Not a method: as `self`, the table would take the register in which the address of a guard's lock lies.
    @usableFromInline @inline(never)
    static func countStale(in table: ShadowTable) { table.stale.wrappingAdd(1, ordering: .relaxed) }
}
