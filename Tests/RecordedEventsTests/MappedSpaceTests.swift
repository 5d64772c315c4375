import SeededNumbers
import Testing

@testable import RecordedEvents

@Suite struct TraceMappedSpaceTests {
    /// Random maps, unmaps and changes over 64 pages against an array with one entry a page.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func agreesWithAnArrayOfPages(seed: UInt64) {
        var generator = SplitMix(state: seed)
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
                for piece in space.pieces(of: range) { space.protect(piece, .execute, key: nil) }
                for page in range { model[page]?.protect(.execute, key: nil) }
            default:
                let gaps = space.gaps(in: range)
                #expect(gaps.flatMap(Array.init) == range.filter { model[$0] == nil })
                #expect(zip(gaps, gaps.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
                #expect(space.wasAccessible(range) == range.contains { model[$0]?.wasAccessible ?? false })
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

    private func file(_ object: Int, shift: Int) -> Mapping.Kind {
        Mapping.Kind(protection: .read, isShared: false, isAnonymous: false, object: object, shift: shift)
    }

    @Test func neighboursOfOneKindAreOne() {
        var space = MappedSpace()
        // A file's pages that follow each other, others of that file, and another file.
        space.map(0..<1, file(4, shift: 0))
        space.map(1..<2, file(4, shift: 0))
        space.map(2..<3, file(4, shift: 1))
        space.map(3..<4, file(5, shift: 1))
        space.map(5..<6, .privateMemory)
        space.map(4..<5, .privateMemory)
        #expect(space.mappings.map(\.pages) == [0..<2, 2..<3, 3..<4, 4..<6])
    }

    /// What is mapped between two that were written apart joins the next one, which is then not one with the first.
    @Test func writtenMemoryStaysApart() {
        var space = MappedSpace()
        space.map(0..<2, .privateMemory)
        space.map(4..<6, .privateMemory)
        space.map(2..<4, .privateMemory)
        #expect(space.mappings.map(\.pages) == [0..<2, 2..<6])
        // Part of it gets other rights and its own again.
        space.protect(Mapping(pages: 4..<5, kind: space.mappings[1].kind), .read, key: nil)
        #expect(space.mappings.map(\.pages) == [0..<2, 2..<4, 4..<5, 5..<6])
        space.protect(space.mappings[2], [.read, .write], key: nil)
        #expect(space.mappings.map(\.pages) == [0..<2, 2..<6])
        // A reserve that gets its rights joins the one that has its traits.
        let reserve = Mapping.Kind(protection: [], isShared: false, isAnonymous: true, traits: .notReserved)
        space.map(6..<8, reserve)
        space.map(
            8..<9, Mapping.Kind(protection: [.read, .write], isShared: false, isAnonymous: true, traits: .notReserved))
        space.protect(space.mappings[2], [.read, .write], key: nil)
        #expect(space.mappings.map(\.pages) == [0..<2, 2..<6, 6..<9])
    }

    @Test func aChildHasWhatForkCopiesAndKeepsItApartFromWhatIsNew() {
        var space = MappedSpace()
        space.map(0..<2, .privateMemory)
        space.map(3..<4, .privateMemory)
        space.modify(3..<4) { $0.traits = .omittedByFork }
        var child = space.copyForChild()
        child.map(2..<3, .privateMemory)
        #expect(child.mappings.map(\.pages) == [0..<2, 2..<3])
    }
}
