import Glibc
import Synchronization

@testable import NotifierDispatch

/// A small page table, the translations that one device holds of it, and the guard that keeps them right.
///
/// A page's generation is what changes; a translation is the generation that a fault saw. Finds what is stale in four
/// places, none of which can give a false alarm.
final class GuardedPages: @unchecked Sendable {
    // @unchecked: the words behind the pointers are atomics.
    static var count: Int { 1_024 }
    /// On both sides of a stripe's end.
    static var hot: Range<Int> { 508..<516 }
    private static var nothing: UInt64 { 0 }

    let space: AddressSpace
    let translationGuard: any TranslationGuard
    let stale = EventCounter()
    private let generations: UnsafeMutablePointer<Atomic<UInt64>>
    private let translations: UnsafeMutablePointer<Atomic<UInt64>>

    init(space: AddressSpace = AddressSpace(), makeGuard: (AddressSpace) -> any TranslationGuard) {
        self.space = space
        translationGuard = makeGuard(space)
        generations = .allocate(capacity: Self.count)
        translations = .allocate(capacity: Self.count)
        for page in 0..<Self.count {
            (generations + page).initialize(to: Atomic(1))
            (translations + page).initialize(to: Atomic(Self.nothing))
        }
    }

    convenience init(
        _ kind: ProtectedGuard, space: AddressSpace = AddressSpace(), budget: RetryBudget = RetryBudget()
    ) {
        self.init(space: space) { kind.make(space: $0, pages: Self.count, budget: budget) }
    }

    deinit {
        generations.deinitialize(count: Self.count)
        generations.deallocate()
        translations.deinitialize(count: Self.count)
        translations.deallocate()
    }

    /// Subscribes them to all changes of the pages.
    func subscribe() throws -> CacheSubscription {
        func subscribe<Guard: TranslationGuard>(_ translationGuard: Guard) throws -> CacheSubscription {
            try space.register(Cache(guard: translationGuard, pages: self), over: .of(0..<Self.count))
        }
        return try subscribe(translationGuard)
    }

    /// The pages as a cache whose guard's type is known.
    private final class Cache<Guard: TranslationGuard>: TranslationCache {
        let `guard`: Guard
        let pages: GuardedPages

        init(guard translationGuard: Guard, pages: GuardedPages) {
            `guard` = translationGuard
            self.pages = pages
        }

        func drop(_ range: InvalidationRange) { pages.drop(range) }
    }

    private func drop(_ range: InvalidationRange) {
        for page in range.pages {
            // The page first: a translation that is older than what it was, and visible after that, has outlived the
            // start of the section that changed the page.
            let current = generations[page].load(ordering: .acquiring)
            let old = translations[page].exchange(Self.nothing, ordering: .acquiringAndReleasing)
            if old != Self.nothing, old < current { stale.count() }
        }
    }

    /// A fault that does `work` between looking at the page and the end of its walk; `work` gets the how-manieth walk
    /// it is, from 1. And `pause` while it installs, when whatever the guard asks has been asked.
    func fault(at page: Int, duringWalk work: (Int) -> Void = { _ in }, duringInstall pause: () -> Void)
        -> FaultOutcome
    {
        var walks = 0
        return translationGuard.fault(
            at: page,
            walk: { () -> UInt64? in
                let generation = generations[page].load(ordering: .acquiring)
                walks += 1
                work(walks)
                return generation
            },
            install: { generation in
                pause()
                let old = translations[page].load(ordering: .relaxed)
                translations[page].store(generation, ordering: .relaxed)
                // Two generations met: the older one outlived the start of the section that made the younger one.
                if old != Self.nothing, old != generation { stale.count() }
            })
    }

    /// The same, whose install is the store of one word.
    func fault(at page: Int, duringWalk work: (Int) -> Void = { _ in }) -> FaultOutcome {
        var walks = 0
        var (old, new) = (Self.nothing, Self.nothing)
        let outcome = translationGuard.fault(
            at: page,
            walk: { () -> UInt64? in
                new = generations[page].load(ordering: .acquiring)
                walks += 1
                work(walks)
                // After the page, whose load acquires, and before the word is stored.
                old = translations[page].load(ordering: .relaxed)
                return new
            }, into: translations + page)
        // As above. What lay there when the page was looked at, and is older, was visible then; what is younger was
        // visible before this install.
        if outcome.status == .installed, old != Self.nothing, old != new { stale.count() }
        return outcome
    }

    /// A fault over a range, which does `work` as one of a page does; `work` also gets the range that is walked.
    func faultRange(
        containing page: Int, within range: Range<Int>, duringWalk work: (Int, Range<Int>) -> Void = { _, _ in },
        duringInstall pause: () -> Void = {}
    ) -> RangeFaultOutcome {
        var walks = 0
        return translationGuard.faultRange(
            containing: page, within: .of(range),
            walk: { range -> [UInt64]? in
                let found = range.pages.map { generations[$0].load(ordering: .acquiring) }
                walks += 1
                work(walks, range.pages)
                return found
            },
            install: { range, found in
                pause()
                for (page, generation) in zip(range.pages, found) {
                    let old = translations[page].exchange(generation, ordering: .relaxed)
                    // As above.
                    if old != Self.nothing, old != generation { stale.count() }
                }
            })
    }

    /// A fault that stores one word or installs by a closure, and may pause in its walk and in the closure.
    func fault(at page: Int, pausing pauses: Bool, asWord isWord: Bool) -> FaultOutcome {
        let walk = { (_: Int) in if pauses { _ = usleep(20) } }
        return isWord
            ? fault(at: page, duringWalk: walk)
            : fault(at: page, duringWalk: walk, duringInstall: { if pauses { sched_yield() } })
    }

    /// A fault whose walk finds nothing.
    func faultOnNothing(at page: Int, duringWalk work: () -> Void = {}) -> FaultOutcome {
        translationGuard.fault(
            at: page,
            walk: { () -> UInt64? in
                work()
                return nil
            }, install: { _ in stale.count() })
    }

    /// What a section is for. Only between its start and its end.
    func change(_ pages: Range<Int>) {
        for page in pages { generations[page].wrappingAdd(1, ordering: .acquiringAndReleasing) }
    }

    /// A whole section that changes the pages. `false` where it would have blocked, and nothing was changed.
    @discardableResult
    func invalidate(_ pages: Range<Int>, isBlockable: Bool = true) -> Bool {
        guard let section = space.invalidateRangeStart(isBlockable ? .blockable(pages) : .nonBlockable(pages)) else {
            return false
        }
        checkNothingVisible(pages)
        change(pages)
        checkNothingVisible(pages)
        space.invalidateRangeEnd(section)
        return true
    }

    func isVisible(_ page: Int) -> Bool { translations[page].load(ordering: .acquiring) != Self.nothing }

    /// Inside a section: anything visible is stale.
    func checkNothingVisible(_ pages: Range<Int>) {
        for page in pages where isVisible(page) { stale.count() }
    }

    /// When all threads are done: what is visible is what the page table says.
    func checkAgainstPageTable() {
        for page in 0..<Self.count where isVisible(page) {
            if translations[page].load(ordering: .acquiring) != generations[page].load(ordering: .acquiring) {
                stale.count()
            }
        }
    }
}
