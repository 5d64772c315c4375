@testable import NotifierDispatch

/// A cache that knows which pages are visible in it, and notes what it is asked to drop.
final class RecordingCache<Guard: TranslationGuard>: TranslationCache {
    let `guard`: Guard
    let owner: InvalidationOwner?
    let pages: CachedPages

    init(_ translationGuard: Guard, owner: InvalidationOwner?, pages: CachedPages) {
        `guard` = translationGuard
        self.owner = owner
        self.pages = pages
    }

    func drop(_ range: InvalidationRange) { pages.drop(range.pages) }
}

/// What is visible in a ``RecordingCache``, and what it was asked to drop.
final class CachedPages: @unchecked Sendable {
    // @unchecked: `visible` and `dropped` are only touched with the mutex held.
    static var count: Int { 1_024 }

    private let mutex = PthreadMutex()
    private var visible: Set<Int> = []
    private var dropped: [Range<Int>] = []

    func install(_ page: Int) {
        mutex.lock()
        visible.insert(page)
        mutex.unlock()
    }

    func drop(_ pages: Range<Int>) {
        mutex.lock()
        visible = visible.filter { !pages.contains($0) }
        dropped.append(pages)
        mutex.unlock()
    }

    func isVisible(_ page: Int) -> Bool {
        mutex.lock()
        defer { mutex.unlock() }
        return visible.contains(page)
    }

    /// What was dropped since the last time this was asked, in the order of the calls; what adjoins counts as one.
    func takeDropped() -> [Range<Int>] {
        mutex.lock()
        defer { mutex.unlock() }
        defer { dropped = [] }
        return dropped.reduce(into: []) { merged, next in
            if let last = merged.last, last.upperBound == next.lowerBound {
                merged[merged.count - 1] = last.lowerBound..<next.upperBound
            } else {
                merged.append(next)
            }
        }
    }
}

extension ProtectedGuard {
    /// A cache behind a guard of this kind.
    func makeCache(
        in space: AddressSpace, _ pages: CachedPages, owner: InvalidationOwner? = nil
    ) -> any TranslationCache {
        func cache(behind translationGuard: some TranslationGuard) -> any TranslationCache {
            RecordingCache(translationGuard, owner: owner, pages: pages)
        }
        let budget = RetryBudget(nanoseconds: 100_000, fallbackNanoseconds: 100_000)
        return cache(behind: make(space: space, pages: CachedPages.count, budget: budget))
    }
}

extension TranslationCache {
    /// A fault that finds something; it answers `busy` soon where a guard that retries is kept from installing.
    func fault(at page: Int, _ pages: CachedPages) -> FaultOutcome {
        `guard`.fault(at: page, walk: { page }, install: { pages.install($0) })
    }
}
