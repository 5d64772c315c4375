import NotifierDispatch
import Testing

@testable import InvalidationStorm

@Suite struct ShadowTableTests {
    let space = StormSpace(pages: 64)
    let shadow: ShadowTable
    let range = InvalidationRange(pages: 8..<24)!

    init() { shadow = ShadowTable(pageTable: space.pageTable) }

    @Test("An install and a teardown in the right order are no alarm")
    func coherentUseIsSilent() {
        for _ in 0..<3 {
            for page in range.pages { shadow.install(space.walk(page), at: page) }
            for page in range.pages { shadow.install(space.walk(page), at: page) }
            shadow.clear(range)
            space.change(range)
            shadow.checkNothingVisible(in: range)
        }
        shadow.checkAgainstPageTable()
        #expect(shadow.staleCount == 0)
    }

    @Test("Check 1 finds an older translation under a younger one, and a younger one under an older one")
    func installOverAnotherGeneration() {
        shadow.install(1, at: 3)
        shadow.install(2, at: 3)
        #expect(shadow.staleCount == 1)
        shadow.install(1, at: 3)
        #expect(shadow.staleCount == 2)
    }

    @Test("Check 1 finds a translation that outlived the start of a section")
    func teardownOfAnOldGeneration() {
        shadow.install(space.walk(9), at: 9)
        space.change(range)
        shadow.clear(range)
        #expect(shadow.staleCount == 1)
        shadow.clear(range)
        #expect(shadow.staleCount == 1, "the teardown removed it")
    }

    @Test("Check 2 finds whatever is visible in the range, and nothing beside it")
    func visibleBeforeTheEnd() {
        shadow.install(1, at: 7)
        shadow.install(1, at: 24)
        shadow.checkNothingVisible(in: range)
        #expect(shadow.staleCount == 0)
        shadow.install(1, at: 8)
        shadow.install(1, at: 23)
        shadow.checkNothingVisible(in: range)
        #expect(shadow.staleCount == 2)
    }

    @Test("Check 3 finds every entry that the page table contradicts")
    func comparisonWithThePageTable() {
        for page in 0..<64 { shadow.install(space.walk(page), at: page) }
        space.change(range)
        shadow.checkAgainstPageTable()
        #expect(shadow.staleCount == UInt64(range.count))
    }
}
