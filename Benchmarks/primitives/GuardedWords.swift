import NotifierDispatch
import Synchronization

/// A page table and a shadow table of words, and the guard between them: the least that a fault can work on.
final class GuardedWords<Guard: TranslationGuard>: @unchecked Sendable {
    // @unchecked: the words are atomics behind pointers that never change.
    private let translationGuard: Guard
    private let pages: Int
    private let table: UnsafeMutablePointer<Atomic<UInt64>>
    private let shadow: UnsafeMutablePointer<Atomic<UInt64>>

    /// So many pages, a power of two, that nobody has faulted on yet.
    init(pages: Int, guard translationGuard: Guard) {
        self.pages = pages
        self.translationGuard = translationGuard
        table = Self.allocate(pages)
        shadow = Self.allocate(pages)
        for page in 0..<pages {
            (table + page).initialize(to: Atomic(UInt64(page) + 1))
            (shadow + page).initialize(to: Atomic(0))
        }
    }

    deinit {
        table.deinitialize(count: pages)
        table.deallocate()
        shadow.deinitialize(count: pages)
        shadow.deallocate()
    }

    /// The translation of a page that the shadow table holds, 0 for none.
    func translation(of page: Int) -> UInt64 { shadow[page].load(ordering: .relaxed) }

    /// One fault after the other, page by page, whose install is a closure. Returns how many installed a translation.
    func fault(count: Int) -> Int {
        let (table, shadow, mask) = (table, shadow, pages &- 1)
        // Not those that did: a counter that each round changes is spilled where registers run out, and bounds the time.
        var missed = 0
        for round in 0..<count {
            let page = round & mask
            // Relaxed, both: what a fault must see is ordered by its guard.
            let outcome = translationGuard.fault(
                at: page, walk: { Self.walk(table + page) },
                install: { shadow[page].store($0, ordering: .relaxed) })
            if outcome.status != .installed { missed += 1 }
        }
        return count - missed
    }

    /// The same, whose install is the guard's own store.
    func faultIntoSlots(count: Int) -> Int {
        let (table, shadow, mask) = (table, shadow, pages &- 1)
        var missed = 0
        for round in 0..<count {
            let page = round & mask
            let outcome = translationGuard.fault(at: page, walk: { Self.walk(table + page) }, into: shadow + page)
            if outcome.status != .installed { missed += 1 }
        }
        return count - missed
    }

    @inline(__always)
    private static func walk(_ entry: UnsafeMutablePointer<Atomic<UInt64>>) -> UInt64? {
        let translation = entry.pointee.load(ordering: .relaxed)
        return translation == 0 ? nil : translation
    }

    private static func allocate(_ pages: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        UnsafeMutableRawPointer.allocate(byteCount: pages * MemoryLayout<UInt64>.stride, alignment: 128)
            .bindMemory(to: Atomic<UInt64>.self, capacity: pages)
    }
}
