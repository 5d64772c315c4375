import Testing

@testable import NotifierDispatch

/// A cache that was registered while sections were open was not told of them. So it is covered: as if a section over all
/// of it were open, until those have ended.
@Suite("Rule C: registration beside open sections", .serialized)
struct RegistrationTests {
    /// Faults do not wait for long, so that they can be asked again and again.
    static let short = RetryBudget(collisions: 2, nanoseconds: 100_000, fallbackNanoseconds: 100_000)

    /// A cache over the first stripe alone, whose guard knows no other page.
    static func makeCache(_ kind: ProtectedGuard, in space: AddressSpace, _ table: PageTable) -> LiveCache {
        LiveCache(kind, in: space, table, over: 0..<512, guarded: 512, budget: short)
    }

    /// A thread that faults until it has installed the page.
    static func faultUntilInstalled(_ cache: LiveCache, at page: Int) -> Attempt {
        Attempt { while cache.fault(at: page) != .installed {} }
    }

    /// Registers on a thread of its own; whether that returns.
    static func registers(_ cache: LiveCache) -> Bool {
        let registration = Attempt { #expect((try? cache.subscribe()) != nil) }
        return registration.goesOn()
    }

    @Test("It returns while the section is open", arguments: ProtectedGuard.allCases)
    func returns(kind: ProtectedGuard) {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let section = HeldSection(in: space, over: 508..<512)
            #expect(Self.registers(LiveCache(kind, in: space)))
            section.end()
        }
    }

    @Test("So it does where caches of the same kind are registered already", arguments: ProtectedGuard.allCases)
    func returnsBesideOthers(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let first = LiveCache(kind, in: space)
            _ = try first.subscribe()
            let section = HeldSection(in: space, over: 508..<512)
            #expect(Self.registers(LiveCache(kind, in: space)))
            section.end()
            #expect(first.fault(at: 510) == .installed)
        }
    }

    @Test("It returns inside a section of the same thread", arguments: ProtectedGuard.allCases)
    func returnsInsideOwnSection(kind: ProtectedGuard) {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let cache = LiveCache(kind, in: space, budget: Self.short)
            let registration = Attempt {
                space.invalidate(.of(508..<512), event: .unmap) { #expect((try? cache.subscribe()) != nil) }
                #expect(cache.fault(at: 510) == .installed)
            }
            #expect(registration.goesOn())
        }
    }

    @Test(
        "Faults of the new cache install only when the section has ended, on all its pages",
        arguments: ProtectedGuard.allCases, [510, 100])
    func covered(kind: ProtectedGuard, page: Int) {
        RCU.withRegisteredThread {
            let (space, table) = (AddressSpace(), PageTable())
            let cache = Self.makeCache(kind, in: space, table)
            let section = HeldSection(in: space, over: 508..<512) { table.change(508..<512) }
            guard Self.registers(cache) else {
                Issue.record("the registration waits for the section")
                return section.end()
            }
            let fault = Self.faultUntilInstalled(cache, at: page)
            #expect(fault.waits())
            #expect(!cache.isVisible(page))
            table.change(508..<512)
            section.end()
            #expect(fault.goesOn())
            cache.checkAgainstTable()
            #expect(cache.stale.value == 0)
        }
    }

    @Test(
        "A fault of the new cache that is not told to wait long is busy at its deadline",
        arguments: ProtectedGuard.retrying)
    func busy(kind: ProtectedGuard) {
        RCU.withRegisteredThread {
            let (space, table) = (AddressSpace(), PageTable())
            let cache = Self.makeCache(kind, in: space, table)
            let section = HeldSection(in: space, over: 600..<604)
            if Self.registers(cache) {
                #expect(cache.fault(at: 100) == .busy)
                #expect(!cache.isVisible(100))
            } else {
                Issue.record("the registration waits for the section")
            }
            section.end()
        }
    }

    /// Those in the list whose faults can get in while a section is open elsewhere: all but the one that counts all
    /// sections of the space.
    static let letInBesideSections = ProtectedGuard.allCases.filter { $0 != .rangeCounter && !$0.watchesRanges }

    @Test(
        "The cover ends with the sections that were open then, though one is always open elsewhere",
        arguments: letInBesideSections)
    func overlappingSections(kind: ProtectedGuard) { letsIn(kind) }

    @Test("So it does for guards that watch ranges, of which none is open", arguments: ProtectedGuard.watchingRanges)
    func overlappingSectionsElsewhere(kind: ProtectedGuard) { letsIn(kind) }

    private func letsIn(_ kind: ProtectedGuard) {
        RCU.withRegisteredThread {
            let (space, table) = (AddressSpace(), PageTable())
            let first = Self.makeCache(kind, in: space, table)
            let second = Self.makeCache(kind, in: space, table)
            let here = HeldSection(in: space, over: 508..<512) { table.change(508..<512) }
            guard Self.registers(first) else {
                Issue.record("the registration waits for the section")
                return here.end()
            }
            var elsewhere = HeldSection(in: space, over: 600..<604)
            // Registered while both are open, it waits for both.
            #expect(Self.registers(second))
            let firstFault = Self.faultUntilInstalled(first, at: 510)
            let secondFault = Self.faultUntilInstalled(second, at: 510)
            #expect(firstFault.waits())
            table.change(508..<512)
            here.end()
            #expect(firstFault.goesOn())
            #expect(secondFault.waits())
            for _ in 0..<5 {
                let next = HeldSection(in: space, over: 600..<604)
                elsewhere.end()
                elsewhere = next
            }
            #expect(secondFault.goesOn())
            elsewhere.end()
            for cache in [first, second] {
                cache.checkAgainstTable()
                #expect(cache.stale.value == 0)
            }
        }
    }

    @Test(
        "Sections over the new cache that come while it is covered are told to it as always",
        arguments: ProtectedGuard.retrying)
    func sectionsUnderCover(kind: ProtectedGuard) {
        RCU.withRegisteredThread {
            let (space, table) = (AddressSpace(), PageTable())
            let cache = Self.makeCache(kind, in: space, table)
            let old = HeldSection(in: space, over: 508..<512)
            guard Self.registers(cache) else {
                Issue.record("the registration waits for the section")
                return old.end()
            }
            let young = HeldSection(in: space, over: 508..<512)
            let fault = Self.faultUntilInstalled(cache, at: 510)
            old.end()
            #expect(fault.waits())
            table.change(508..<512)
            young.end()
            #expect(fault.goesOn())
            cache.checkAgainstTable()
            #expect(cache.stale.value == 0)
        }
    }
}
