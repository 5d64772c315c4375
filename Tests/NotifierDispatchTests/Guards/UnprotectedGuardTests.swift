import Testing

@testable import NotifierDispatch

/// The negative control of the harness: what it must find, forced by doing the invalidation inside the walk.
@Suite("UnprotectedGuard")
struct UnprotectedGuardTests {
    /// Pages that nothing protects, in a space of their own.
    static func makePages() throws -> GuardedPages {
        let pages = GuardedPages { _ in UnprotectedGuard() }
        _ = try pages.subscribe()
        return pages
    }

    @Test("It says that it protects nothing")
    func isNotProtected() {
        #expect(!UnprotectedGuard.isProtected)
        #expect(UnprotectedGuard.capabilities == [])
        let pages = GuardedPages { _ in UnprotectedGuard() }
        #expect(pages.faultOnNothing(at: 3).status == .absent)
        pages.translationGuard.markDead()
        #expect(pages.fault(at: 3).status == .installed)
    }

    @Test("A translation from before the change is found when a younger one is overwritten")
    func foundAtInstall() throws {
        try RCU.withRegisteredThread {
            let pages = try Self.makePages()
            _ = pages.fault(at: 510) { _ in
                pages.invalidate(508..<512)
                _ = pages.fault(at: 510)
            }
            #expect(pages.stale.value == 1)
        }
    }

    @Test("A translation from before the change is found by the next teardown")
    func foundAtTeardown() throws {
        try RCU.withRegisteredThread {
            let pages = try Self.makePages()
            _ = pages.fault(at: 510) { _ in pages.invalidate(508..<512) }
            #expect(pages.stale.value == 0)
            pages.invalidate(508..<512)
            #expect(pages.stale.value == 1)
        }
    }

    @Test("A translation that is visible inside a section is found there")
    func foundInsideTheSection() throws {
        try RCU.withRegisteredThread {
            let pages = try Self.makePages()
            let section = try opened(pages.space.invalidateRangeStart(.blockable(508..<512)))
            _ = pages.fault(at: 510)
            pages.checkNothingVisible(508..<512)
            #expect(pages.stale.value == 1)
            pages.space.invalidateRangeEnd(section)
        }
    }

    @Test("A translation from before the last change is found at the end")
    func foundAtTheEnd() throws {
        try RCU.withRegisteredThread {
            let pages = try Self.makePages()
            _ = pages.fault(at: 510) { _ in pages.invalidate(508..<512) }
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 1)
        }
    }
}
