import NotifierDispatch
import Testing

@Suite("InvalidationRange")
struct InvalidationRangeTests {
    @Test("Empty ranges, and those that start below page 0, are refused")
    func refused() {
        #expect(InvalidationRange(pages: 3..<3) == nil)
        #expect(InvalidationRange(pages: -1..<3) == nil)
        #expect(InvalidationRange(pages: 0..<1)?.pages == 0..<1)
    }

    @Test("It covers its first page and not the one past its last")
    func contains() {
        let range = InvalidationRange.of(3..<6)
        #expect((0..<9).filter { range.contains($0) } == [3, 4, 5])
        #expect(range.count == 3)
    }

    @Test("Two ranges overlap exactly where they share a page; adjacent ones do not")
    func overlaps() {
        for start in 0..<5 {
            for end in start + 1...5 {
                let one = InvalidationRange.of(start..<end)
                for otherStart in 0..<5 {
                    for otherEnd in otherStart + 1...5 {
                        let other = InvalidationRange.of(otherStart..<otherEnd)
                        #expect(one.overlaps(other) == one.pages.overlaps(other.pages))
                    }
                }
            }
        }
    }
}
