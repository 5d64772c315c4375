import Testing

@testable import NotifierDispatch

/// Opens sections and keeps them, without a place where they could be ended: for processes that are to trap.
private func openForGood(_ count: Int, in space: AddressSpace) throws {
    let sections = UnsafeMutablePointer<InvalidationSection>.allocate(capacity: count)
    for index in 0..<count {
        (sections + index).initialize(to: try opened(space.invalidateRangeStart(.blockable(0..<4))))
    }
}

@Suite("Rule G: how many sections can be open", .serialized)
struct OpenSectionLimitTests {
    @Test("16,383 can, and are counted")
    func limit() throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let count = 16_383
            let sections = UnsafeMutablePointer<InvalidationSection>.allocate(capacity: count)
            defer { sections.deallocate() }
            for index in 0..<count {
                (sections + index).initialize(to: try opened(space.invalidateRangeStart(.blockable(0..<4))))
            }
            #expect(space.counter.activeCount == count)
            for index in 0..<count { space.invalidateRangeEnd((sections + index).move()) }
            #expect(space.counter.activeCount == 0)
            #expect(space.startsAndEnds(.nonBlockable()))
        }
    }

    @Test("One more traps, and does not carry into other bits")
    func oneMore() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try orKilled { try openForGood(16_384, in: AddressSpace()) }
        }
        #expect(result?.trapped(saying: "16,383") == true)
    }

    @Test("So it does while a fault claims its page, when starts take another way", arguments: ProtectedGuard.retrying)
    func oneMoreBesideAClaim(kind: ProtectedGuard) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind] in
            try orKilled(after: 20) {
                let space = AddressSpace()
                let budget = RetryBudget(collisions: 1, nanoseconds: .max, fallbackNanoseconds: 20_000_000_000)
                let cache = LiveCache(kind, in: space, budget: budget)
                _ = try cache.subscribe()
                cache.fault(at: 510) { walk in
                    if walk == 1 { cache.invalidate(508..<512) }
                    if walk == 2 { try? openForGood(16_384, in: space) }
                }
            }
        }
        #expect(result?.trapped(saying: "16,383") == true)
    }
}

@Suite("Rule H: what is refused", .serialized)
struct RefusalTests {
    /// Those that are made for a number of pages.
    static let withPages: [ProtectedGuard] =
        [.stripeMutex] + ProtectedGuard.watchingRanges
        + ProtectedGuard.withStripeWords

    @Test(
        "A registration beyond the guard's pages; it leaves nothing behind",
        arguments: withPages, [0..<1_025, 1_000..<1_100, 1_024..<1_030])
    func beyondTheGuard(kind: ProtectedGuard, range: Range<Int>) {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let cache = LiveCache(kind, in: space, over: range)
            #expect(throws: RegistrationError.self) { try cache.subscribe() }
            #expect(space.startsAndEnds(.nonBlockable(0..<4)))
        }
    }

    @Test("One that ends with the guard's pages is not", arguments: withPages)
    func upToTheGuardsEnd(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let cache = LiveCache(kind, in: AddressSpace(), over: 1_000..<1_024)
            _ = try cache.subscribe()
            #expect(cache.fault(at: 1_023) == .installed)
        }
    }

    @Test("A second registration of a guard that is in use; the first goes on", arguments: ProtectedGuard.allCases)
    func secondRegistration(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            try orKilled {
                let cache = LiveCache(kind, in: AddressSpace())
                _ = try cache.subscribe()
                #expect(throws: RegistrationError.self) { try cache.subscribe() }
                #expect(cache.fault(at: 510) == .installed)
                cache.invalidate(508..<512)
                #expect(!cache.isVisible(510))
                #expect(cache.fault(at: 510) == .installed)
            }
        }
    }

    @Test("A section that is ended on another space, though that one has a section open")
    func endOnAnotherSpace() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try orKilled {
                let (mine, other) = (AddressSpace(), AddressSpace())
                try openForGood(1, in: other)
                other.invalidateRangeEnd(try opened(mine.invalidateRangeStart(.blockable())))
            }
        }
        #expect(result?.trapped(saying: "another space") == true)
    }
}

@Suite("Rule H: what is forgotten does not leak")
struct LeakTests {
    @Test("Space, guard and cache go with the last references from outside", arguments: ProtectedGuard.allCases)
    func forgottenUnregister(kind: ProtectedGuard) throws {
        weak var space: AddressSpace?
        weak var cache: (any TranslationCache)?
        weak var translationGuard: (any TranslationGuard)?
        try RCU.withRegisteredThread {
            let (mySpace, pages) = (AddressSpace(), CachedPages())
            let myCache = kind.makeCache(in: mySpace, pages)
            let subscription = try mySpace.register(myCache, over: .of(0..<CachedPages.count))
            #expect(myCache.fault(at: 510, pages).status == .installed)
            #expect(mySpace.startsAndEnds(.nonBlockable(508..<512)))
            (space, cache, translationGuard) = (mySpace, myCache, myCache.guard)
            withExtendedLifetime(subscription) {}
        }
        // A comparison would show what is left, by reflection, which cannot copy it.
        let isGone = (space: space == nil, cache: cache == nil, guard: translationGuard == nil)
        #expect(isGone == (true, true, true))
    }
}
