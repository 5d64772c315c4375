import NotifierDispatch

/// A shadow table and the guard that keeps it coherent: a device in one life of the space.
public final class GuardedCache<Guard: TranslationGuard>: TranslationCache {
    /// How a fault and an invalidation meet here.
    public let `guard`: Guard
    /// The translations it holds.
    public let shadow: ShadowTable
    @usableFromInline
    let space: StormSpace
    // Here, not with the faulter: what a fault's closures hold is written to memory for the guard's slow path, each time.
    @usableFromInline
    let walkDelay: Delay

    /// A device on `space` that holds nothing yet, and whose walks take `walkDelay` on top of reading the page table.
    @inlinable
    public convenience init(space: StormSpace, guard translationGuard: Guard, walkDelay: Delay = .none) {
        self.init(
            space: space, guard: translationGuard, shadow: ShadowTable(pageTable: space.pageTable), walkDelay: walkDelay
        )
    }

    /// A device on `space` whose translations go into `shadow`, which an earlier life of the space may have used.
    @inlinable
    init(space: StormSpace, guard translationGuard: Guard, shadow: ShadowTable, walkDelay: Delay) {
        self.space = space
        `guard` = translationGuard
        self.shadow = shadow
        self.walkDelay = walkDelay
    }

    /// One fault: looks the page up and installs what it found.
    @inlinable @inline(__always)
    public func fault(at page: Int) -> FaultOutcome { fault(at: page, in: tables) }

    /// The same for a loop, which holds the ``tables`` of this cache: they are not looked for again in each fault.
    @inlinable @inline(__always)
    func fault(at page: Int, in tables: Tables) -> FaultOutcome {
        `guard`.fault(
            at: page,
            walk: { () -> UInt64? in
                let generation = PageTable.walk(page, in: tables.pages)
                walkDelay.spend()
                return generation
            },
            install: { shadow.install($0, at: page, in: tables.shadow) })
    }

    /// Where the words are that a fault reads and writes. As a value, since what is behind a reference would be loaded
    /// again after each walk, which acquires.
    @usableFromInline
    struct Tables {
        @usableFromInline
        let pages: PageTable.Entries
        @usableFromInline
        let shadow: ShadowTable.Entries

        @inlinable
        init(pages: PageTable.Entries, shadow: ShadowTable.Entries) {
            self.pages = pages
            self.shadow = shadow
        }
    }

    @inlinable
    var tables: Tables { Tables(pages: space.pageTable.entries, shadow: shadow.entries) }

    /// Removes the translations of a range.
    @inlinable
    public func drop(_ range: InvalidationRange) { shadow.clear(range) }
}
