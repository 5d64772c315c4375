import Testing

@testable import NotifierDispatch

@Suite("Caches over a part of the space")
struct TranslationCacheTests {
    /// On both sides of a stripe's end, and the whole of neither.
    static let range = 500..<520

    @Test(
        "A cache is asked to drop what lies in its range, and no page beside it", arguments: ProtectedGuard.allCases)
    func clipping(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let pages = CachedPages()
            let cache = kind.makeCache(in: space, pages)
            _ = try space.register(cache, over: .of(Self.range))
            let sections = [
                (0..<504, [500..<504]), (516..<1_024, [516..<520]), (0..<1_024, [500..<520]),
                (510..<514, [510..<514]), (500..<520, [500..<520]), (0..<500, []), (520..<1_024, []),
            ]
            for (section, dropped) in sections {
                #expect(space.startsAndEnds(.blockable(section)))
                #expect(pages.takeDropped() == dropped)
                // The end has come for what the start came for.
                #expect(cache.fault(at: 502, pages).status == .installed)
                #expect(cache.fault(at: 518, pages).status == .installed)
            }
        }
    }

    /// Those that look at the range of a section themselves. The others watch more than the cache's pages, or all.
    static let lookingAtRanges: [ProtectedGuard] = ProtectedGuard.lockHolding + [.invLock, .kvm]

    @Test("A section beside the range keeps no fault waiting", arguments: lookingAtRanges)
    func sectionBesideTheRange(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let pages = CachedPages()
            let cache = kind.makeCache(in: space, pages)
            _ = try space.register(cache, over: .of(Self.range))
            for beside in [0..<500, 520..<1_024] {
                let section = try opened(space.invalidateRangeStart(.blockable(beside)))
                let outcome = cache.fault(at: 510, pages)
                #expect(outcome.status == .installed)
                #expect(outcome.waitedNanoseconds == 0)
                space.invalidateRangeEnd(section)
            }
        }
    }

    @Test(
        "Sections that nest across the ends of the range, and beside it, keep faults out until the last end",
        arguments: ProtectedGuard.retrying)
    func nestedSections(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let pages = CachedPages()
            let cache = kind.makeCache(in: space, pages)
            _ = try space.register(cache, over: .of(Self.range))
            let outer = try opened(space.invalidateRangeStart(.blockable(0..<511)))
            let inner = try opened(space.invalidateRangeStart(.blockable(509..<1_024)))
            let beside = try opened(space.invalidateRangeStart(.blockable(520..<530)))
            #expect(pages.takeDropped() == [500..<511, 509..<520])
            space.invalidateRangeEnd(beside)
            #expect(cache.fault(at: 510, pages).status == .busy)
            space.invalidateRangeEnd(outer)
            #expect(cache.fault(at: 510, pages).status == .busy)
            space.invalidateRangeEnd(inner)
            #expect(cache.fault(at: 510, pages).status == .installed)
            #expect(pages.takeDropped().isEmpty)
        }
    }

    @Test(
        "After unregister, deferred or not, nothing is visible, faults are dead, and no section is heard of",
        arguments: ProtectedGuard.allCases, [true, false])
    func unregister(kind: ProtectedGuard, isDeferred: Bool) throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let pages = CachedPages()
            let cache = kind.makeCache(in: space, pages)
            let subscription = try space.register(cache, over: .of(Self.range))
            for page in [500, 519] { #expect(cache.fault(at: page, pages).status == .installed) }
            if isDeferred {
                space.unregisterDeferred(subscription)
            } else {
                space.unregister(subscription)
            }
            #expect(pages.takeDropped() == [Self.range])
            for page in [500, 519] {
                #expect(!pages.isVisible(page))
                #expect(cache.fault(at: page, pages).status == .dead)
                #expect(!pages.isVisible(page))
            }
            #expect(space.startsAndEnds(.blockable(0..<1_024)))
            #expect(pages.takeDropped().isEmpty)
        }
    }

    @Test(
        "A cache is unregistered inside another's callback, after its own: dead and empty at once, then complete",
        arguments: ProtectedGuard.allCases)
    func unregisterInsideACallback(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let pages = CachedPages()
            let cache = kind.makeCache(in: space, pages)
            let subscription = try space.register(cache, over: .of(Self.range))
            let isComplete = Gate()
            let other = RecordingSubscriber()
            other.answer = { [unowned space] _ in
                space.unregisterDeferred(subscription) { isComplete.open() }
                #expect(!pages.isVisible(519))
                #expect(cache.fault(at: 519, pages).status == .dead)
                return .done
            }
            let entry = try space.register(other, behind: subscription)
            #expect(cache.fault(at: 519, pages).status == .installed)
            #expect(space.startsAndEnds(.blockable(0..<504)))
            #expect(pages.takeDropped() == [500..<504, 500..<520])
            #expect(eventually { isComplete.isOpen })
            space.unregister(entry)
            #expect(space.startsAndEnds(.blockable(0..<1_024)))
            #expect(pages.takeDropped().isEmpty)
        }
    }

    @Test("What a cache's owner causes passes it by, where the event exempts", arguments: ProtectedGuard.allCases)
    func owner(kind: ProtectedGuard) throws {
        let (device, other) = (InvalidationOwner(), InvalidationOwner())
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let pages = CachedPages()
            let cache = kind.makeCache(in: space, pages, owner: device)
            _ = try space.register(cache, over: .of(Self.range))
            for (event, owner, isTold) in [
                (.migrate, device, false), (.exclusive, device, false), (.migrate, other, true), (.unmap, device, true),
            ] as [(InvalidationEvent, InvalidationOwner, Bool)] {
                space.invalidate(.of(500..<504), event: event, owner: owner) {}
                #expect(pages.takeDropped() == (isTold ? [500..<504] : []))
                #expect(cache.fault(at: 502, pages).status == .installed)
            }
        }
    }

    @Test("A guard that was made for another space traps", arguments: ProtectedGuard.retrying)
    func guardOfAnotherSpaceTraps(kind: ProtectedGuard) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind] in
            try RCU.withRegisteredThread {
                let cache = kind.makeCache(in: AddressSpace(), CachedPages())
                _ = try AddressSpace().register(cache, over: .of(0..<4))
            }
        }
        #expect(result?.trapped(saying: "a guard was made for another space than its cache is registered in") == true)
    }

    @Test(
        "A guard is registered once, also after its subscription has ended; a refusal does not count",
        arguments: ProtectedGuard.allCases)
    func guardInUse(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let pages = CachedPages()
            let cache = kind.makeCache(in: space, pages)
            let subscription = try space.register(cache, over: .of(0..<4))
            #expect(throws: RegistrationError.guardInUse) { try space.register(cache, over: .of(8..<12)) }
            #expect(cache.fault(at: 2, pages).status == .installed)
            space.unregister(subscription)
            #expect(throws: RegistrationError.guardInUse) { try space.register(cache, over: .of(0..<4)) }
            #expect(cache.fault(at: 2, pages).status == .dead)
            let released = AddressSpace()
            released.release()
            let late = kind.makeCache(in: released, pages)
            for _ in 0..<2 {
                #expect(throws: RegistrationError.released) { try released.register(late, over: .of(0..<4)) }
            }
        }
    }

    @Test(
        "A range that goes beyond the guard's pages is refused; a smaller one may come after it",
        arguments: ProtectedGuard.allCases)
    func beyondGuard(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let space = AddressSpace()
            let pages = CachedPages()
            let cache = kind.makeCache(in: space, pages)
            let limit = cache.guard.pages
            if limit < .max {
                #expect(limit == CachedPages.count)
                #expect(throws: RegistrationError.beyondGuard(pages: limit)) {
                    try space.register(cache, over: .of(limit - 1..<limit + 1))
                }
                #expect(throws: RegistrationError.beyondGuard(pages: limit)) {
                    try space.register(cache, over: .of(limit..<limit + 1))
                }
            }
            #expect((limit == .max) == kind.takesAnyPage)
            _ = try space.register(cache, over: .of(CachedPages.count - 1..<CachedPages.count))
            #expect(cache.fault(at: CachedPages.count - 1, pages).status == .installed)
        }
    }

    @Test("A guard with a subscription per stripe subscribes the stripes that the range touches, and no others")
    func stripesOfARange() throws {
        try RCU.withRegisteredThread {
            for (range, stripes) in [
                (500..<520, [0..<512, 512..<1_024]), (513..<514, [512..<1_024]), (0..<512, [0..<512]),
            ] {
                let space = AddressSpace()
                let cache = ProtectedGuard.intervalStripe.makeCache(in: space, CachedPages())
                let subscription = try space.register(cache, over: .of(range))
                #expect(space.intervals.nodesInTree.map { $0.pointee.range.pages } == stripes)
                space.unregister(subscription)
                #expect(space.intervals.nodesInTree.isEmpty)
            }
        }
    }
}
