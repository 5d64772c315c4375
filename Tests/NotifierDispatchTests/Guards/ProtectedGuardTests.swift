import Testing

@testable import NotifierDispatch

@Suite("Protected guards")
struct ProtectedGuardTests {
    @Test("A guard calls itself protected, and says whether it wants ends", arguments: ProtectedGuard.allCases)
    func declarations(kind: ProtectedGuard) {
        let guardType = type(of: GuardedPages(kind).translationGuard)
        let isProtected = guardType.isProtected
        let capabilities = (guardType as? any (TranslationGuard & SectionObserver).Type)?.capabilities
        #expect(isProtected)
        #expect((capabilities == nil) == kind.watchesRanges)
        #expect((capabilities ?? []).contains(.mayWouldBlock) == kind.holdsLock)
        #expect((capabilities ?? .receivesEnd).contains(.receivesEnd) == (kind != .rangeCounter))
    }

    @Test("An undisturbed fault walks once, waits for nobody and installs", arguments: ProtectedGuard.allCases)
    func undisturbedFault(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            _ = try pages.subscribe()
            let outcome = pages.fault(at: 510) { #expect($0 == 1) }
            #expect(outcome.status == .installed)
            #expect(outcome.retries == 0)
            #expect(outcome.waitedNanoseconds == 0)
            #expect(!outcome.usedFallback)
            #expect(pages.isVisible(510))
        }
    }

    @Test("A start drops the translations of its range, and no others", arguments: ProtectedGuard.allCases)
    func startTearsDown(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            _ = try pages.subscribe()
            for page in GuardedPages.hot { #expect(pages.fault(at: page).status == .installed) }
            #expect(pages.invalidate(510..<514))
            #expect(GuardedPages.hot.filter { pages.isVisible($0) } == [508, 509, 514, 515])
            #expect(pages.fault(at: 511).status == .installed)
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 0)
        }
    }

    @Test("A walk that finds nothing gives absent and leaves no lock held", arguments: ProtectedGuard.allCases)
    func absent(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            _ = try pages.subscribe()
            #expect(pages.faultOnNothing(at: 510).status == .absent)
            RegisteredThread {
                #expect(pages.invalidate(GuardedPages.hot, isBlockable: false))
                #expect(pages.fault(at: 510).status == .installed)
            }.join()
            SmallLock.assertNoneHeld()
            #expect(pages.stale.value == 0)
        }
    }

    @Test(
        "Invariant 6: a non-blockable start and its end sleep for nobody's walk and nobody's claim",
        arguments: ProtectedGuard.allCases)
    func invariant6(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            _ = try pages.subscribe()
            let isWalking = Gate()
            let mayGoOn = Gate()
            let hasReturned = Gate()
            let faulter = RegisteredThread {
                _ = pages.fault(at: 510) {
                    if $0 == 1 {
                        isWalking.open()
                        mayGoOn.wait()
                    }
                }
            }
            isWalking.wait()
            let invalidator = RegisteredThread {
                // Guards that hold a lock over the walk must refuse; the others have no need to.
                #expect(pages.invalidate(GuardedPages.hot, isBlockable: false) == !kind.holdsLock)
                hasReturned.open()
            }
            #expect(eventually { hasReturned.isOpen })
            mayGoOn.open()
            faulter.join()
            invalidator.join()
            let claim = pages.space.claim()
            RegisteredThread {
                #expect(pages.space.isClaimed)
                #expect(!pages.space.alwaysWaits(.nonBlockable(GuardedPages.hot)))
                #expect(pages.space.alwaysWaits(.blockable(GuardedPages.hot)))
            }.join()
            pages.space.giveBack(claim)
        }
    }

    @Test(
        "Invariant 8: a whole section, or the start of one, between walk and install leaves nothing stale",
        arguments: ProtectedGuard.allCases)
    func invariant8(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            _ = try pages.subscribe()
            let outcome = pages.fault(at: 510) { walk in
                guard walk == 1 else { return }
                RegisteredThread {
                    #expect(pages.invalidate(508..<512, isBlockable: false) == !kind.holdsLock)
                }.join()
            }
            #expect(outcome.status == .installed)
            #expect(outcome.retries == (kind.holdsLock ? 0 : 1))
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 0)
        }
    }

    @Test(
        "Invariant 8: a start that meets an install waits for it, and removes what it installed",
        arguments: ProtectedGuard.allCases)
    func invariant8DuringTheInstall(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            _ = try pages.subscribe()
            let isInstalling = Gate()
            let isOpen = Gate()
            let invalidator = RegisteredThread {
                isInstalling.wait()
                guard let section = pages.space.invalidateRangeStart(.blockable(508..<512)) else {
                    Issue.record("a blockable start failed")
                    return
                }
                isOpen.open()
                pages.checkNothingVisible(508..<512)
                pages.change(508..<512)
                pages.space.invalidateRangeEnd(section)
            }
            let outcome = pages.fault(
                at: 510,
                duringInstall: {
                    isInstalling.open()
                    #expect(!isOpen.waitInVain())
                })
            #expect(outcome.status == .installed)
            invalidator.join()
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 0)
        }
    }

    @Test(
        "Invariant 8: while a section is open faults in it wait, and what they walked before is thrown away",
        arguments: ProtectedGuard.allCases)
    func invariant8Blockable(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            // However long the section is open, the fault waits for it.
            let pages = GuardedPages(kind, budget: RetryBudget(fallbackNanoseconds: 60_000_000_000))
            _ = try pages.subscribe()
            let isWalking = Gate()
            let isOpen = Gate()
            let hasFaulted = Gate()
            let invalidator = RegisteredThread {
                if !kind.holdsLock { isWalking.wait() }
                guard let section = pages.space.invalidateRangeStart(.blockable(508..<512)) else {
                    Issue.record("a blockable start failed")
                    return
                }
                isOpen.open()
                pages.change(508..<512)
                #expect(!hasFaulted.waitInVain())
                pages.checkNothingVisible(508..<512)
                pages.space.invalidateRangeEnd(section)
            }
            // The section opens during the first walk, or before it where the guard would not let it.
            let faulter = RegisteredThread {
                if kind.holdsLock { isOpen.wait() }
                let outcome = pages.fault(at: 510) { walk in
                    if walk == 1 {
                        isWalking.open()
                        isOpen.wait()
                    }
                }
                hasFaulted.open()
                #expect(outcome.status == .installed)
            }
            faulter.join()
            invalidator.join()
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 0)
        }
    }

    @Test(
        "Invariant 9: a fault that collided collides again while sections come, and never installs what it saw first",
        arguments: ProtectedGuard.retrying)
    func invariant9(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind, budget: RetryBudget(nanoseconds: .max))
            _ = try pages.subscribe()
            let outcome = pages.fault(at: 510) { walk in
                // More sections in one walk than one: a check that goes back to false would let it through.
                if walk <= 5 { for _ in 0..<walk { #expect(pages.invalidate(508..<512)) } }
            }
            #expect(outcome.status == .installed)
            #expect(outcome.retries == 5)
            #expect(outcome.waitedNanoseconds > 0)
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 0)
        }
    }

    @Test(
        "Invariant 25: who unregisters inside its section leaves no fault waiting, no count and no lock",
        arguments: ProtectedGuard.allCases, [false, true])
    func invariant25(kind: ProtectedGuard, isDeferred: Bool) throws {
        try RCU.withRegisteredThread {
            // The fallback would wait for so long that the test sees whether somebody does.
            let pages = GuardedPages(kind, budget: RetryBudget(nanoseconds: 25_000_000_000))
            let subscription = try pages.subscribe()
            let section = try opened(pages.space.invalidateRangeStart(.blockable(508..<512)))
            let isFaulting = Gate()
            let hasFaulted = Gate()
            let faulter = RegisteredThread {
                isFaulting.open()
                #expect(pages.fault(at: 510).status == .dead)
                hasFaulted.open()
            }
            isFaulting.wait()
            #expect(!hasFaulted.waitInVain())
            // Guards that watch ranges wait for the section, so another thread unregisters there.
            var unregisterer: RegisteredThread?
            if isDeferred {
                pages.space.unregisterDeferred(subscription)
            } else if kind.watchesRanges {
                unregisterer = RegisteredThread { pages.space.unregister(subscription) }
            } else {
                pages.space.unregister(subscription)
            }
            #expect(eventually { hasFaulted.isOpen })
            pages.space.invalidateRangeEnd(section)
            unregisterer?.join()
            faulter.join()
            #expect(pages.space.activeCount == 0)
            #expect(!pages.isVisible(510))
            // Nothing is held: whoever comes is answered.
            RegisteredThread { #expect(pages.fault(at: 510).status == .dead) }.join()
            SmallLock.assertNoneHeld()
            RCU.barrier()
            #expect(pages.invalidate(508..<512, isBlockable: false))
        }
    }

    @Test(
        "Invariant 37: after unregister and after release faults are dead, whatever their walk would find",
        arguments: ProtectedGuard.allCases, [false, true])
    func invariant37(kind: ProtectedGuard, byRelease: Bool) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            let subscription = try pages.subscribe()
            #expect(pages.fault(at: 510).status == .installed)
            if byRelease { pages.space.release() } else { pages.space.unregister(subscription) }
            #expect(pages.fault(at: 511).status == .dead)
            #expect(!pages.isVisible(511))
            #expect(pages.faultOnNothing(at: 511).status == .dead)
            RegisteredThread { #expect(pages.fault(at: 512).status == .dead) }.join()
            #expect(pages.stale.value == 0)
        }
    }

    @Test(
        "Invariant 37: a fault is dead after release also where a section of another thread is open",
        arguments: ProtectedGuard.retrying)
    func invariant37InsideASection(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            _ = try pages.subscribe()
            let section = try opened(pages.space.invalidateRangeStart(.blockable(508..<512)))
            // Guards that watch ranges are dead at once, though their release waits for the section.
            let releaser = RegisteredThread { pages.space.release() }
            #expect(eventually { pages.fault(at: 510).status == .dead })
            let outcome = pages.fault(at: 510)
            #expect(outcome.status == .dead)
            #expect(!outcome.usedFallback)
            pages.space.invalidateRangeEnd(section)
            releaser.join()
        }
    }

    @Test(
        "Invariant 37: a fault whose subscription ends during its walk installs nothing",
        arguments: ProtectedGuard.retrying)
    func invariant37DuringTheWalk(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            let subscription = try pages.subscribe()
            let outcome = pages.fault(at: 510) { _ in
                RegisteredThread { pages.space.unregister(subscription) }.join()
            }
            #expect(outcome.status == .dead)
            #expect(!pages.isVisible(510))
        }
    }

    @Test(
        "Sections of a guard whose subscription is over pass by, and still tear down",
        arguments: ProtectedGuard.allCases)
    func sectionsOfTheDead(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            _ = try pages.subscribe()
            #expect(pages.fault(at: 510).status == .installed)
            // Told twice, as by two callers that meet, and then called like any other.
            pages.translationGuard.markDead()
            pages.translationGuard.markDead()
            for isBlockable in [true, false] {
                #expect(pages.invalidate(508..<512, isBlockable: isBlockable))
                #expect(!pages.isVisible(510))
            }
            // Nested and moved ones too: nothing is held.
            let outer = try opened(pages.space.invalidateRangeStart(.blockable(508..<512)))
            #expect(pages.invalidate(510..<516))
            pages.space.invalidateRangeEnd(outer)
            #expect(pages.fault(at: 510).status == .dead)
            #expect(pages.space.activeCount == 0)
        }
    }

    @Test(
        "Invariant 36: a guard that is registered while a section is open installs nothing until its end",
        arguments: ProtectedGuard.allCases)
    func invariant36(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let budget = RetryBudget(nanoseconds: 100_000, fallbackNanoseconds: 60_000_000_000)
            let pages = GuardedPages(kind, budget: budget)
            let hasFaulted = Gate()
            let section = try opened(pages.space.invalidateRangeStart(.blockable(508..<512)))
            _ = try pages.subscribe()
            let faulter = RegisteredThread {
                #expect(pages.fault(at: 510).status == .installed)
                hasFaulted.open()
            }
            #expect(!hasFaulted.waitInVain())
            pages.change(508..<512)
            pages.checkNothingVisible(0..<GuardedPages.count)
            pages.space.invalidateRangeEnd(section)
            faulter.join()
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 0)
            // Nothing is left of the cover.
            #expect(pages.fault(at: 3).waitedNanoseconds == 0)
            #expect(pages.invalidate(0..<GuardedPages.count, isBlockable: false))
            #expect(pages.fault(at: 510).status == .installed)
            #expect(pages.space.activeCount == 0)
        }
    }

    @Test(
        "A guard that is registered in the middle of sections is protected from those that come while it is covered",
        arguments: ProtectedGuard.allCases)
    func sectionsUnderTheCover(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let budget = RetryBudget(nanoseconds: 100_000, fallbackNanoseconds: 100_000)
            let pages = GuardedPages(kind, budget: budget)
            let first = try opened(pages.space.invalidateRangeStart(.blockable(508..<512)))
            _ = try pages.subscribe()
            let second = try opened(pages.space.invalidateRangeStart(.blockable(508..<512)))
            pages.space.invalidateRangeEnd(first)
            // The cover is over and the second one is not.
            let hasFaulted = Gate()
            let faulter = RegisteredThread {
                let outcome = pages.fault(at: 510)
                #expect(outcome.status == (kind.holdsLock ? .installed : .busy))
                hasFaulted.open()
            }
            if kind.holdsLock { #expect(!hasFaulted.waitInVain()) } else { faulter.join() }
            pages.change(508..<512)
            pages.checkNothingVisible(508..<512)
            pages.space.invalidateRangeEnd(second)
            if kind.holdsLock { faulter.join() }
            #expect(pages.fault(at: 510).status == .installed)
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 0)
        }
    }

    @Test(
        "A guard whose subscription ends under its cover is dead at once, and the end of the cover passes by",
        arguments: ProtectedGuard.allCases)
    func deadUnderTheCover(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            let section = try opened(pages.space.invalidateRangeStart(.blockable(508..<512)))
            let subscription = try pages.subscribe()
            pages.space.unregisterDeferred(subscription)
            let outcome = pages.fault(at: 510)
            #expect(outcome.status == .dead)
            #expect(!outcome.usedFallback)
            pages.space.invalidateRangeEnd(section)
            #expect(pages.fault(at: 510).status == .dead)
            #expect(pages.invalidate(GuardedPages.hot, isBlockable: true))
            #expect(pages.space.activeCount == 0)
            RCU.barrier()
        }
    }

    @Test("An install that invalidates traps", arguments: ProtectedGuard.allCases)
    func invalidatingInstallTraps(kind: ProtectedGuard) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind] in
            try RCU.withRegisteredThread {
                let pages = GuardedPages(kind)
                _ = try pages.subscribe()
                _ = pages.fault(at: 510, duringInstall: { pages.invalidate(508..<512) })
            }
        }
        let message =
            kind.holdsLock
            ? "a walk under a guard that holds a lock over it invalidates" : "an install or a drop invalidates"
        #expect(result?.trapped(saying: message) == true)
    }
}
