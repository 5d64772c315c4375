import CPrimitiveFloors
import NotifierDispatch

/// Sections of 16 pages with nothing to tear down, one after the other, while nobody faults.
enum GuardSectionPairs {
    static func make() -> [Pair] {
        let floor = GuardPairs.makeFloor()
        return [
            pair("striped/section", StripedGuard(space: AddressSpace(), pages: GuardPairs.pages)) {
                floor_striped_section_loop(floor_pages_striped(floor.pointer), $0)
            },
            pair("asymmetric/section", AsymmetricGuard(space: AddressSpace(), pages: GuardPairs.pages)) {
                floor_asymmetric_section_loop(floor_pages_asymmetric(floor.pointer), threads, $0)
            },
            // The first one revokes the bias.
            pair("adaptive/section/off", GuardPairs.makeAdaptive()) {
                floor_adaptive_section_loop(floor_pages_adaptive(floor.pointer), threads, $0)
            },
        ]
    }

    /// The floors' slots that a section looks at: as many as the engine's.
    private static var threads: Int64 { Int64(ThreadRegistration.indexLimit) }

    private static func pair<Guard: TranslationGuard & SectionObserver>(
        _ name: String, _ translationGuard: Guard, floor: @escaping @Sendable (UInt64) -> UInt64
    ) -> Pair {
        let invalidation = invalidation(pages: 0..<16)
        return Pair(
            "guard/\(name)", swift: { run(translationGuard, invalidation, count: $0) }, c: floor)
    }

    /// What a section over these pages is told.
    static func invalidation(pages: Range<Int>) -> Invalidation {
        Invalidation(range: IntervalField.range(from: pages.lowerBound, pages: pages.count), event: .unmap)
    }

    /// So many sections. Returns how many there were.
    @discardableResult
    static func run<Guard: TranslationGuard & SectionObserver>(
        _ translationGuard: Guard, _ invalidation: Invalidation, count: Int
    ) -> Int {
        for _ in 0..<count {
            _ = translationGuard.invalidationStarted(invalidation) { _ in }
            translationGuard.invalidationEnded(invalidation)
        }
        return count
    }
}
