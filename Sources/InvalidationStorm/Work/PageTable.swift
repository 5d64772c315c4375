import NotifierDispatch
import Synchronization

/// The primary page table of the benchmark: one entry a page, which holds the page's generation.
///
/// Every change of a page raises its generation, by an atomic addition, so that no generation ever comes back; that
/// is how a translation is recognised as old. It outlives the spaces that it is the page table of, one after the other.
public final class PageTable: @unchecked Sendable {
    // @unchecked: the entries are atomics behind a pointer that never changes.

    /// How many pages there are; page numbers lie below it.
    public let pages: Int
    @usableFromInline
    typealias Entries = UnsafeMutablePointer<Atomic<UInt64>>
    @usableFromInline
    let entries: Entries
    /// Where it and all that belongs to it lie.
    let memory: MemoryBinder
    private let mapping: UnsafeMutableRawBufferPointer

    /// A page table whose pages are all at generation 1.
    public convenience init(pages: Int) { self.init(pages: pages, memory: .firstTouch) }

    /// The same, where `memory` puts it.
    @usableFromInline
    init(pages: Int, memory: MemoryBinder) {
        self.pages = pages
        self.memory = memory
        mapping = memory.map(bytes: pages * MemoryLayout<Atomic<UInt64>>.stride)
        entries = mapping.baseAddress!.bindMemory(to: Atomic<UInt64>.self, capacity: pages)
        for page in 0..<pages { (entries + page).initialize(to: Atomic(1)) }
        memory.check(mapping)
    }

    deinit {
        entries.deinitialize(count: pages)
        MemoryBinder.unmap(mapping)
    }

    /// All pages.
    var wholeRange: InvalidationRange {
        guard let range = InvalidationRange(pages: 0..<pages) else { preconditionFailure("a space without pages") }
        return range
    }

    /// Looks a page up: its generation, 1 or above.
    @inlinable @inline(__always)
    public func walk(_ page: Int) -> UInt64 { Self.walk(page, in: entries) }

    @inlinable @inline(__always)
    static func walk(_ page: Int, in entries: Entries) -> UInt64 {
        // Acquiring: for the checks, which load a generation before they look at the shadow table. What a walk must
        // see is otherwise ordered by the guard.
        entries[page].load(ordering: .acquiring)
    }

    /// Changes the pages of a range. Only inside a section over the range, or between two lives of the space.
    func change(_ range: InvalidationRange) {
        // Relaxed: the end of the section releases it, or the publication of the next life.
        for page in range.pages { entries[page].wrappingAdd(1, ordering: .relaxed) }
    }
}
