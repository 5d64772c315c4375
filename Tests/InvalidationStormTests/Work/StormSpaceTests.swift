import NotifierDispatch
import Testing

@testable import InvalidationStorm

@Suite struct StormSpaceTests {
    @Test("A change raises the generation of exactly its pages, and no generation comes back")
    func changeRaisesGenerations() throws {
        let space = StormSpace(pages: 32)
        var seen = Set<UInt64>([space.walk(5)])
        for _ in 0..<100 {
            space.change(try #require(InvalidationRange(pages: 5..<6)))
            #expect(seen.insert(space.walk(5)).inserted)
        }
        #expect(space.walk(4) == 1)
        #expect(space.walk(6) == 1)
    }

    @Test("Concurrent changes of one page are all counted")
    func concurrentChanges() throws {
        let space = StormSpace(pages: 4)
        let range = try #require(InvalidationRange(pages: 0..<4))
        let threads = (0..<4).map { number in
            RoleThread(number: number) { for _ in 0..<10_000 { space.change(range) } }
        }
        threads.forEach { $0.join() }
        #expect(space.walk(0) == 40_001)
        #expect(space.walk(3) == 40_001)
    }
}
