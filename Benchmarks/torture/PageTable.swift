import TorturedDispatch

/// The primary page table: a generation for each page, which only rises, so that an old translation can be told.
final class PageTable: Sendable {
    static let count = 1_024
    static let pagesPerStripe = 64
    /// Where most faults and sections meet: on both sides of a stripe's end.
    static let hot = 508..<516

    nonisolated(unsafe) private let generations: UnsafeMutablePointer<Atomic<UInt64>>

    init() {
        generations = .allocate(capacity: Self.count)
        for page in 0..<Self.count { (generations + page).initialize(to: Atomic(1)) }
        LiveObjects.pageTables.begin()
    }

    deinit {
        generations.deallocate()
        LiveObjects.pageTables.end()
    }

    /// The page's generation, 1 or above.
    // Acquiring: the checks read a generation before they read a translation. All else is ordered by the guard.
    subscript(page: Int) -> UInt64 { generations[page].load(ordering: .acquiring) }

    /// Changes pages. Only inside a section over them.
    // Relaxed would do: the end of the section releases it.
    func change(_ pages: Range<Int>) {
        for page in pages { generations[page].wrappingAdd(1, ordering: .acquiringAndReleasing) }
    }
}

/// The translations that a device holds of a page table: for each page the generation that a fault saw, or nothing.
///
/// It finds stale translations in four places, none of which can raise a false alarm; each says why.
final class ShadowTable: Sendable {
    static let nothing: UInt64 = 0

    private let table: PageTable
    private let name: String
    nonisolated(unsafe) private let translations: UnsafeMutablePointer<Atomic<UInt64>>

    init(of table: PageTable, name: String) {
        self.table = table
        self.name = name
        translations = .allocate(capacity: PageTable.count)
        for page in 0..<PageTable.count { (translations + page).initialize(to: Atomic(Self.nothing)) }
        LiveObjects.shadowTables.begin()
    }

    deinit {
        translations.deallocate()
        LiveObjects.shadowTables.end()
    }

    /// The word of a page, for faults that store it themselves.
    func slot(of page: Int) -> UnsafeMutablePointer<Atomic<UInt64>> { translations + page }

    // Relaxed: the guard orders it, and the check after it acquires the page table first.
    func translation(of page: Int) -> UInt64 { translations[page].load(ordering: .relaxed) }

    // Acquiring: comes after the start of a section or the return of a release.
    func isVisible(_ page: Int) -> Bool { translations[page].load(ordering: .acquiring) != Self.nothing }

    /// Makes a translation visible. Only inside an install.
    func install(_ generation: UInt64, at page: Int) {
        let old = translations[page].exchange(generation, ordering: .acquiringAndReleasing)
        checkOverwritten(old, by: generation, at: page)
    }

    /// Check 1. Two generations of a page have met. The younger one came from a walk after some change, so the start of
    /// the section that changed the page had returned, and after that the older one must not be visible.
    func checkOverwritten(_ old: UInt64, by generation: UInt64, at page: Int) {
        guard old != Self.nothing, old != generation else { return }
        Verdict.fail(.stale, "page \(page) of \(name): generation \(old) met generation \(generation)")
    }

    /// Removes the translations of a range.
    func drop(_ pages: Range<Int>) {
        for page in pages {
            // Check 2. The page first: a translation that is older than what it was then, and visible after that, has
            // outlived the start of the section that changed the page.
            let current = table[page]
            let old = translations[page].exchange(Self.nothing, ordering: .acquiringAndReleasing)
            // In a child memory was not copied in one instant.
            guard old != Self.nothing, old < current, !Forks.isChild else { continue }
            Verdict.fail(.stale, "page \(page) of \(name): a drop found generation \(old), the page is at \(current)")
        }
    }

    /// Check 3. From the return of a start to the end of the last section over a page nothing is visible; nor is there
    /// after a release or an unregistration.
    func checkNothingVisible(_ pages: Range<Int>, _ when: @autoclosure () -> String) {
        for page in pages where isVisible(page) {
            let generation = translation(of: page)
            Verdict.fail(
                .stale,
                "page \(page) of \(name): generation \(generation) is visible \(when()); the page is at \(table[page])")
        }
    }

    /// Check 4, when no thread works on the space: what is visible is what the page table says.
    func checkAgainstPageTable() {
        for page in 0..<PageTable.count where isVisible(page) && translation(of: page) != table[page] {
            Verdict.fail(
                .stale,
                "page \(page) of \(name): generation \(translation(of: page)) is left, the page is at \(table[page])")
        }
    }
}
