import Synchronization

@testable import NotifierDispatch

/// The pages that the caches of one space hold translations of. A page's generation is what changes.
final class PageTable: @unchecked Sendable {
    // @unchecked: the words behind the pointer are atomics.
    static var count: Int { 1_024 }
    private let generations: UnsafeMutablePointer<Atomic<UInt64>>

    init() {
        generations = .allocate(capacity: Self.count)
        for page in 0..<Self.count { (generations + page).initialize(to: Atomic(1)) }
    }

    deinit {
        generations.deinitialize(count: Self.count)
        generations.deallocate()
    }

    func generation(of page: Int) -> UInt64 { generations[page].load(ordering: .acquiring) }

    /// What a section is for. Only between its start and its end.
    func change(_ pages: Range<Int>) {
        for page in pages { generations[page].wrappingAdd(1, ordering: .acquiringAndReleasing) }
    }
}

/// A cache over a part of a space, with a guard of its own, which can be stopped where it is called.
///
/// Counts what is stale as ``GuardedPages`` does; those are registered over all pages, these wherever a test wants.
final class LiveCache: @unchecked Sendable {
    // @unchecked: the words behind the pointer are atomics, and the hooks are set before the cache is registered.
    let space: AddressSpace
    let table: PageTable
    let range: Range<Int>
    let translationGuard: any TranslationGuard
    let stale = EventCounter()
    /// Runs where the cache is asked for its owner, which registration does once.
    var onOwner: @Sendable () -> Void = {}
    /// Runs inside each drop.
    var onDrop: @Sendable (Range<Int>) -> Void = { _ in }
    private let translations: UnsafeMutablePointer<Atomic<UInt64>>

    /// A cache over `range`, whose guard knows the pages below `guarded`.
    init(
        _ kind: ProtectedGuard, in space: AddressSpace, _ table: PageTable = PageTable(),
        over range: Range<Int> = 0..<PageTable.count, guarded: Int = PageTable.count,
        budget: RetryBudget = RetryBudget()
    ) {
        self.space = space
        self.table = table
        self.range = range
        translationGuard = kind.make(space: space, pages: guarded, budget: budget)
        translations = .allocate(capacity: PageTable.count)
        for page in 0..<PageTable.count { (translations + page).initialize(to: Atomic(0)) }
    }

    deinit {
        translations.deinitialize(count: PageTable.count)
        translations.deallocate()
    }

    /// Subscribes it. Each call makes another cache of the same guard.
    func subscribe() throws -> CacheSubscription {
        func subscribe<Guard: TranslationGuard>(_ translationGuard: Guard) throws -> CacheSubscription {
            try space.register(Cache(guard: translationGuard, cache: self), over: .of(range))
        }
        return try subscribe(translationGuard)
    }

    /// The cache with its guard's type.
    final class Cache<Guard: TranslationGuard>: TranslationCache {
        let `guard`: Guard
        private let cache: LiveCache

        init(guard translationGuard: Guard, cache: LiveCache) {
            `guard` = translationGuard
            self.cache = cache
        }

        var owner: InvalidationOwner? {
            cache.onOwner()
            return nil
        }

        func drop(_ range: InvalidationRange) { cache.drop(range.pages) }
    }

    private func drop(_ pages: Range<Int>) {
        onDrop(pages)
        for page in pages.clamped(to: 0..<PageTable.count) {
            let current = table.generation(of: page)
            let old = translations[page].exchange(0, ordering: .acquiringAndReleasing)
            if old != 0, old < current { stale.count() }
        }
    }

    /// A fault that does `work` in its walk, which gets the how-manieth walk it is, from 1; and `pause` in its install,
    /// which is a closure then.
    @discardableResult
    func fault(
        at page: Int, duringWalk work: (Int) -> Void = { _ in }, duringInstall pause: () -> Void
    ) -> FaultOutcome.Status {
        var walks = 0
        return translationGuard.fault(
            at: page,
            walk: {
                walks += 1
                return walk(page, work, walks)
            },
            install: { (generation: UInt64) in
                pause()
                translations[page].store(generation, ordering: .releasing)
            }
        ).status
    }

    /// The same, whose install is the store of one word.
    @discardableResult
    func fault(at page: Int, duringWalk work: (Int) -> Void = { _ in }) -> FaultOutcome.Status {
        var walks = 0
        return translationGuard.fault(
            at: page,
            walk: {
                walks += 1
                return walk(page, work, walks)
            }, into: translations + page
        ).status
    }

    private func walk(_ page: Int, _ work: (Int) -> Void, _ number: Int) -> UInt64? {
        let generation = table.generation(of: page)
        work(number)
        return generation
    }

    func isVisible(_ page: Int) -> Bool { translations[page].load(ordering: .acquiring) != 0 }

    /// A whole section that changes the pages.
    func invalidate(_ pages: Range<Int>) {
        space.invalidate(.of(pages), event: .unmap) {
            for page in pages where isVisible(page) { stale.count() }
            table.change(pages)
        }
    }

    /// When all threads are done: what is visible is what the table says.
    func checkAgainstTable() {
        for page in range where isVisible(page) {
            if translations[page].load(ordering: .acquiring) != table.generation(of: page) { stale.count() }
        }
    }
}
