import CPrimitiveFloors
import Testing

@testable import NotifierDispatch
@testable import primitives

/// The guards with a word for each stripe, beside their floors: what one side does to the words, and tears down, the
/// other one does too.
@Suite struct StripeGuardFloorTests {
    /// Over more stripes than what a section may cover and not be wide.
    private static let pages = 64 * 512
    /// Whole sections and parts of them, of one stripe, of two and of all: in this order.
    private static let steps: [Step] = [
        .start(0..<16), .start(500..<520), .end(0..<16), .end(500..<520), .start(0..<pages), .start(600..<601),
        .end(600..<601), .end(0..<pages), .start(511..<1025), .end(511..<1025),
    ]

    private enum Step {
        case start(Range<Int>)
        case end(Range<Int>)
    }

    /// A floor's functions, of one guard.
    private struct Sections {
        let start: (Range<Int>, _ threads: Int64, floor_teardown, UnsafeMutableRawPointer) -> Void
        let end: (_ pages: Range<Int>) -> Void
        let word: (_ page: Int) -> UInt64
    }

    /// Where a floor's teardown writes down what it is called for.
    private final class Teardowns {
        private var ranges: [Range<Int>] = []

        func append(_ pages: Range<Int>) { ranges.append(pages) }

        /// Those since the last time.
        func take() -> [Range<Int>] {
            defer { ranges = [] }
            return ranges
        }
    }

    /// Takes the same steps on both sides, and expects the same of both after each.
    private func compare<Guard: TranslationGuard & SectionObserver>(
        _ translationGuard: Guard, _ word: (_ page: Int) -> UInt64, _ floor: Sections
    ) {
        let (ours, theirs) = (Teardowns(), Teardowns())
        for (number, step) in Self.steps.enumerated() {
            switch step {
            case .start(let pages):
                let invalidation = GuardSectionPairs.invalidation(pages: pages)
                _ = translationGuard.invalidationStarted(invalidation) { ours.append($0.pages) }
                floor.start(
                    pages, Int64(ThreadRegistration.indexLimit),
                    { Unmanaged<Teardowns>.fromOpaque($0!).takeUnretainedValue().append(Int($1)..<Int($2)) },
                    Unmanaged.passUnretained(theirs).toOpaque())
                let torn = ours.take()
                #expect(torn.first?.lowerBound == pages.lowerBound && torn.last?.upperBound == pages.upperBound)
                #expect(theirs.take() == torn, "step \(number)")
            case .end(let pages):
                translationGuard.invalidationEnded(GuardSectionPairs.invalidation(pages: pages))
                floor.end(pages)
            }
            for page in stride(from: 0, to: Self.pages, by: 512) {
                #expect(floor.word(page) == word(page), "step \(number), page \(page)")
            }
        }
    }

    private func makeFloor(biasBudget: Double = 0.1) -> Floor {
        Floor(floor_pages_create(Self.pages, biasBudget), destroy: floor_pages_destroy)
    }

    @Test func sectionsOfStripedDoTheSameOnBothSides() {
        RCU.withRegisteredThread {
            let striped = StripedGuard(space: AddressSpace(), pages: Self.pages)
            let floor = makeFloor()
            let raw = floor_pages_striped(floor.pointer)
            compare(
                striped, { striped.scheme.stripes.stripe(at: $0).pointee.word.load(ordering: .relaxed) },
                Sections(
                    start: { floor_striped_started(raw, Int64($0.lowerBound), Int64($0.upperBound), $2, $3) },
                    end: { floor_striped_ended(raw, Int64($0.lowerBound), Int64($0.upperBound)) },
                    word: { floor_striped_word(raw, Int64($0)) }))
        }
    }

    @Test func sectionsOfAsymmetricDoTheSameOnBothSides() {
        RCU.withRegisteredThread {
            let asymmetric = AsymmetricGuard(space: AddressSpace(), pages: Self.pages)
            let floor = makeFloor()
            let raw = floor_pages_asymmetric(floor.pointer)
            compare(
                asymmetric, { asymmetric.scheme.stripes.stripe(at: $0).pointee.word.load(ordering: .relaxed) },
                Sections(
                    start: { floor_asymmetric_started(raw, Int64($0.lowerBound), Int64($0.upperBound), $1, $2, $3) },
                    end: { floor_asymmetric_ended(raw, Int64($0.lowerBound), Int64($0.upperBound)) },
                    word: { floor_asymmetric_word(raw, Int64($0)) }))
        }
    }

    @Test func sectionsOfAdaptiveDoTheSameOnBothSides() {
        RCU.withRegisteredThread {
            let adaptive = AdaptiveGuard(space: AddressSpace(), pages: Self.pages)
            let floor = makeFloor()
            let raw = floor_pages_adaptive(floor.pointer)
            compare(
                adaptive, { word(of: adaptive, at: $0) },
                Sections(
                    start: { floor_adaptive_started(raw, Int64($0.lowerBound), Int64($0.upperBound), $1, $2, $3) },
                    end: { floor_adaptive_ended(raw, Int64($0.lowerBound), Int64($0.upperBound)) },
                    word: { floor_adaptive_word(raw, Int64($0)) }))
        }
    }

    private func word(of adaptive: AdaptiveGuard, at page: Int) -> UInt64 {
        adaptive.scheme.striped.stripes.stripe(at: page).pointee.word.load(ordering: .relaxed)
    }

    @Test func faultsAreTurnedBackInsideASectionOnBothSides() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let budget = RetryBudget(collisions: 1, nanoseconds: 1, fallbackNanoseconds: 1)
            for section in [0..<16, 0..<Self.pages] {
                let (start, end) = (Int64(section.lowerBound), Int64(section.upperBound))
                let floor = makeFloor()
                turnBack(
                    StripedGuard(space: space, pages: Self.pages, budget: budget), section, floor,
                    floor_fault_striped_loop,
                    start: { floor_striped_started(floor_pages_striped($0), start, end, { _, _, _ in }, nil) },
                    end: { floor_striped_ended(floor_pages_striped($0), start, end) })
                turnBack(
                    AsymmetricGuard(space: space, pages: Self.pages, budget: budget), section, floor,
                    floor_fault_asymmetric_loop,
                    start: {
                        floor_asymmetric_started(floor_pages_asymmetric($0), start, end, 1, { _, _, _ in }, nil)
                    },
                    end: { floor_asymmetric_ended(floor_pages_asymmetric($0), start, end) })
                turnBack(
                    AdaptiveGuard(space: space, pages: Self.pages, budget: budget), section, floor,
                    floor_fault_adaptive_loop,
                    start: { floor_adaptive_started(floor_pages_adaptive($0), start, end, 1, { _, _, _ in }, nil) },
                    end: { floor_adaptive_ended(floor_pages_adaptive($0), start, end) })
            }
        }
    }

    /// Faults before, inside and after a section; twice, since the second may find what the first one left.
    private func turnBack<Guard: TranslationGuard & SectionObserver>(
        _ translationGuard: Guard, _ section: Range<Int>, _ floor: Floor,
        _ fault: (OpaquePointer, UInt64) -> UInt64, start: (OpaquePointer) -> Void, end: (OpaquePointer) -> Void
    ) {
        let words = GuardedWords(pages: Self.pages, guard: translationGuard)
        let invalidation = GuardSectionPairs.invalidation(pages: section)
        for _ in 0..<2 {
            _ = translationGuard.invalidationStarted(invalidation) { _ in }
            start(floor.pointer)
            #expect(words.fault(count: 5) == 0, "\(Guard.self)")
            #expect(fault(floor.pointer, 5) == 0, "\(Guard.self)")
            translationGuard.invalidationEnded(invalidation)
            end(floor.pointer)
            #expect(words.fault(count: 5) == 5, "\(Guard.self)")
            #expect(fault(floor.pointer, 5) == 5, "\(Guard.self)")
        }
    }

    @Test func aStripeIsBiasedAgainWhereTheBudgetLastsOnBothSides() {
        RCU.withRegisteredThread {
            let (count, quiet) = (16, Int(AdaptiveScheme<PublishedInstalls>.defaultQuietFaults))
            for (budget, isBiasedAgain) in [(1, true), (GuardPairs.biasBudget, false)] {
                let adaptive = AdaptiveGuard(space: AddressSpace(), pages: count, biasBudget: budget)
                let words = GuardedWords(pages: count, guard: adaptive)
                let floor = Floor(floor_pages_create(count, budget), destroy: floor_pages_destroy)
                let raw = floor_pages_adaptive(floor.pointer)
                func areBiased() -> [Bool] {
                    [word(of: adaptive, at: 0), floor_adaptive_word(raw, 0)].map { $0 & StripeWord.biased != 0 }
                }
                #expect(areBiased() == [true, true])
                GuardSectionPairs.run(adaptive, GuardSectionPairs.invalidation(pages: 0..<count), count: 1)
                floor_adaptive_started(raw, 0, Int64(count), 1, { _, _, _ in }, nil)
                floor_adaptive_ended(raw, 0, Int64(count))
                #expect(words.fault(count: quiet - 1) == quiet - 1)
                #expect(floor_fault_adaptive_loop(floor.pointer, UInt64(quiet - 1)) == quiet - 1)
                #expect(areBiased() == [false, false])
                // A revocation that lost its core may have to be paid off first.
                for _ in 0..<1_000 where areBiased() != [true, true] {
                    #expect(words.fault(count: quiet) == quiet)
                    #expect(floor_fault_adaptive_loop(floor.pointer, UInt64(quiet)) == quiet)
                }
                #expect(areBiased() == [isBiasedAgain, isBiasedAgain])
            }
        }
    }
}
