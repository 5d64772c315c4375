import NotifierDispatch
import SeededNumbers
import Testing

@testable import RecordedEvents

@Suite struct TracePageNumberingTests {
    private func step(_ space: Int, _ pages: Range<Int>) -> RecordedStep {
        RecordedStep(nanoseconds: 0, event: .unmap, space: space, pages: pages)
    }

    @Test func gapsVanishAndSpacesFollowEachOther() throws {
        let steps = [step(2, 5..<7), step(1, 100..<103), step(1, 103..<104), step(1, 10..<12), step(1, 101..<102)]
        let numbering = try PageNumbering(steps)
        #expect(numbering.pages == 8)
        #expect(steps.map { numbering.numbers(of: $0) } == [6..<8, 2..<5, 5..<6, 0..<2, 3..<4])
    }

    /// Against sets: number the pages of each space in order, one by one, and look every page up.
    @Test(arguments: 1...50 as ClosedRange<UInt64>)
    func keepsLengthsOrderNeighboursAndOverlaps(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        let width = [40, 400, 4000][Int(seed % 3)]
        let steps = (0..<Int.random(in: 1...60, using: &generator)).map { _ in
            let start = Int.random(in: 0..<width, using: &generator)
            return step(
                Int.random(in: 1...3, using: &generator), start..<start + Int.random(in: 1...30, using: &generator))
        }
        var touched: [Int: Set<Int>] = [:]
        for step in steps { touched[step.space, default: []].formUnion(step.pages) }
        var model: [Int: [Int: Int]] = [:]
        var count = 0
        for space in touched.keys.sorted() {
            for page in touched[space, default: []].sorted() {
                model[space, default: [:]][page] = count
                count += 1
            }
        }
        let numbering = try PageNumbering(steps)
        #expect(numbering.pages == count)
        for step in steps {
            #expect(Array(numbering.numbers(of: step)) == step.pages.compactMap { model[step.space]?[$0] })
        }
        for one in steps {
            for other in steps {
                let numbers = (numbering.numbers(of: one), numbering.numbers(of: other))
                let overlaps = one.space == other.space && one.pages.overlaps(other.pages)
                #expect(numbers.0.overlaps(numbers.1) == overlaps)
                if one.space == other.space, one.pages.upperBound == other.pages.lowerBound {
                    #expect(numbers.0.upperBound == numbers.1.lowerBound)
                }
            }
        }
    }

    @Test func tooManyPagesAreRefused() {
        let most = PageNumbering.mostPages
        #expect(throws: Never.self) { try PageNumbering([step(1, 0..<most)]) }
        #expect(throws: LineFault.self) { try PageNumbering([step(1, 0..<most), step(2, 0..<1)]) }
        #expect(throws: LineFault.self) { try PageNumbering([step(1, 0..<1 << 45), step(2, 0..<1 << 45)]) }
    }
}
