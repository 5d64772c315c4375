import NotifierDispatch
import Synchronization

/// A shadow table and the guard that keeps it coherent: a device in one life of the space.
public final class GuardedCache<Guard: TranslationGuard>: TranslationCache {
    /// How a fault and an invalidation meet here.
    public let `guard`: Guard
    /// The translations it holds.
    public let shadow: ShadowTable
    @usableFromInline
    let space: StormSpace
    @usableFromInline
    let work: DriverWork

    /// A device on `space` that holds nothing yet, and whose faults do `work`.
    @inlinable
    public convenience init(space: StormSpace, guard translationGuard: Guard, work: DriverWork = .none) {
        self.init(
            space: space, guard: translationGuard, shadow: ShadowTable(pageTable: space.pageTable), work: work)
    }

    /// A device on `space` whose translations go into `shadow`, which an earlier life of the space may have used.
    @inlinable
    init(space: StormSpace, guard translationGuard: Guard, shadow: ShadowTable, work: DriverWork) {
        self.space = space
        `guard` = translationGuard
        self.shadow = shadow
        self.work = work
    }

    /// One fault: looks the page up and installs what it found. Not if its faults are over ranges.
    @inlinable @inline(__always)
    public func fault(at page: Int) -> FaultOutcome { fault(at: page, in: tables(for: nil)) }

    /// The same for a loop, which holds the ``tables(for:)`` of this cache: they are not looked for again in each fault.
    @inlinable @inline(__always)
    func fault(at page: Int, in tables: Tables) -> FaultOutcome {
        guard work.isNone else { return faultWithWork(at: page, in: tables) }
        return fault(at: page, in: tables.shadow) { PageTable.walk(page, in: tables.pages) }
    }

    /// Apart, so that the pure protocol pays for one test of a flag. The call is short beside the work. An install that takes
    /// its time is a closure; any other is the store of a word.
    @inlinable @inline(never)
    func faultWithWork(at page: Int, in tables: Tables) -> FaultOutcome {
        guard work.pagesPerFault == 1 else { return faultAround(page, in: tables) }
        guard work.installDelay.ticks == 0 else {
            return `guard`.fault(
                at: page, walk: { () -> UInt64? in work.walk(page, in: tables.pages) },
                install: { generation in
                    work.installDelay.spend()
                    shadow.install(generation, at: page, in: tables.shadow)
                })
        }
        return fault(at: page, in: tables.shadow) { work.walk(page, in: tables.pages) }
    }

    /// A fault whose walk is `walk`, which returns a generation; it is stored in `entries`, those of ``shadow``.
    @inlinable @inline(__always)
    func fault(at page: Int, in entries: ShadowTable.Entries, walk: () -> UInt64) -> FaultOutcome {
        var overwritesAnother = false
        let outcome = `guard`.fault(
            at: page,
            walk: { () -> UInt64? in
                let generation = walk()
                overwritesAnother = ShadowTable.holdsAnother(than: generation, at: page, in: entries)
                return generation
            }, into: entries + page)
        if overwritesAnother, outcome.status == .installed { ShadowTable.countStale(in: shadow) }
        return outcome
    }

    /// A fault that fills in the pages around its own.
    @inlinable @inline(never)
    func faultAround(_ page: Int, in tables: Tables) -> FaultOutcome {
        let start = page & ~(work.pagesPerFault &- 1)
        guard let walked = tables.walked,
            let range = InvalidationRange(pages: start..<min(start &+ work.pagesPerFault, space.pageTable.pages))
        else { preconditionFailure("a fault over a range without room for what it walks, or beyond the space") }
        var overwritten: UInt64 = 0
        let outcome = `guard`.faultRange(
            containing: page, within: range,
            walk: { range -> Void? in
                ShadowTable.prefetch(range, in: tables.shadow)
                work.walk(range, in: tables.pages, into: walked)
                overwritten = ShadowTable.countOthers(than: walked, in: range, in: tables.shadow)
            },
            install: { range, _ in
                work.installDelay.spend()
                // Relaxed: the guard's install section orders it against teardowns.
                for page in range.pages { tables.shadow[page].store(walked[page, of: range], ordering: .relaxed) }
            })
        guard outcome.fault.status == .installed else { return outcome.fault }
        walked.count(outcome.range.count)
        for _ in 0..<overwritten { ShadowTable.countStale(in: shadow) }
        return outcome.fault
    }

    /// Where the words are that a fault reads and writes. As a value, since what is behind a reference would be loaded
    /// again after each walk, which acquires.
    @usableFromInline
    struct Tables {
        @usableFromInline
        let pages: PageTable.Entries
        @usableFromInline
        let shadow: ShadowTable.Entries
        /// What the calling thread's walks over ranges find; `nil` if its faults are of one page.
        @usableFromInline
        let walked: WalkedPages?

        @inlinable
        init(pages: PageTable.Entries, shadow: ShadowTable.Entries, walked: WalkedPages?) {
            self.pages = pages
            self.shadow = shadow
            self.walked = walked
        }
    }

    @inlinable
    func tables(for walked: WalkedPages?) -> Tables {
        Tables(pages: space.pageTable.entries, shadow: shadow.entries, walked: walked)
    }

    /// Removes the translations of a range.
    @inlinable
    public func drop(_ range: InvalidationRange) { shadow.clear(range) }
}
