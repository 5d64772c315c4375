import Testing

@testable import RecordedEvents

@Suite struct TraceMappedSpaceTests {
    /// Random maps, unmaps and changes over 64 pages against an array with one entry a page.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func agreesWithAnArrayOfPages(seed: UInt64) {
        var generator = TraceFixture.Generator(seed: seed)
        var space = MappedSpace()
        var model = [Mapping.Kind?](repeating: nil, count: 64)
        for _ in 0..<500 {
            let start = Int.random(in: 0..<64, using: &generator)
            let range = start..<Int.random(in: start...64, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                let kind = Mapping.Kind(
                    protection: Mapping.Protection(rawValue: .random(in: 0...1, using: &generator)),
                    isShared: .random(using: &generator), isAnonymous: true)
                space.map(range, kind)
                for page in range { model[page] = kind }
            case 1:
                space.unmap(range)
                for page in range { model[page] = nil }
            case 2:
                space.modify(range) { $0.protection = .execute }
                for page in range { model[page]?.protection = .execute }
            default:
                let known = range.filter { model[$0] != nil }
                let hull = known.first.flatMap { first in known.last.map { first..<$0 + 1 } }
                #expect(space.hull(of: range) == hull)
                #expect(space.pieces(of: range) == mappings(of: model, in: range))
            }
            #expect(space.mappings == mappings(of: model, in: 0..<64))
        }
    }

    /// The longest runs of one kind.
    private func mappings(of model: [Mapping.Kind?], in range: Range<Int>) -> [Mapping] {
        var runs: [Mapping] = []
        for page in range {
            guard let kind = model[page] else { continue }
            if let last = runs.last, last.pages.upperBound == page, last.kind == kind {
                runs[runs.count - 1].pages = last.pages.lowerBound..<page + 1
            } else {
                runs.append(Mapping(pages: page..<page + 1, kind: kind))
            }
        }
        return runs
    }

    @Test func filesAreNotMergedAndAnonymousNeighboursAre() {
        var space = MappedSpace()
        let file = Mapping.Kind(protection: .read, isShared: false, isAnonymous: false)
        space.map(0..<1, file)
        space.map(1..<2, file)
        space.map(3..<4, .privateMemory)
        space.map(2..<3, .privateMemory)
        #expect(space.mappings.map(\.pages) == [0..<1, 1..<2, 2..<4])
    }
}
