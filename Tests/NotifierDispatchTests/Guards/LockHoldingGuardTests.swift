import Testing

@testable import NotifierDispatch

@Suite("Guards that hold a lock across sections")
struct LockHoldingGuardTests {
    @Test("While a section is open, faults in it wait", arguments: ProtectedGuard.lockHolding)
    func faultsWait(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            _ = try pages.subscribe()
            let hasFaulted = Gate()
            let section = try opened(pages.space.invalidateRangeStart(.blockable(508..<512)))
            let faulter = RegisteredThread {
                let outcome = pages.fault(at: 510)
                hasFaulted.open()
                #expect(outcome.status == .installed)
                #expect(outcome.waitedNanoseconds > 0)
            }
            #expect(!hasFaulted.waitInVain())
            pages.change(508..<512)
            pages.checkNothingVisible(508..<512)
            pages.space.invalidateRangeEnd(section)
            faulter.join()
            pages.checkAgainstPageTable()
            #expect(pages.stale.value == 0)
        }
    }

    @Test(
        "A non-blockable start that meets another section is refused, and holds nothing",
        arguments: ProtectedGuard.lockHolding)
    func nonBlockableIsRefused(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            _ = try pages.subscribe()
            let section = try opened(pages.space.invalidateRangeStart(.blockable(512..<516)))
            RegisteredThread {
                #expect(!pages.invalidate(GuardedPages.hot, isBlockable: false))
                // What it had taken before it was refused, it gave back; and it may start again.
                #expect(!pages.invalidate(GuardedPages.hot, isBlockable: false))
            }.join()
            if kind == .stripeMutex {
                RegisteredThread { #expect(pages.fault(at: 508).status == .installed) }.join()
                RegisteredThread { #expect(pages.invalidate(508..<512, isBlockable: false)) }.join()
            }
            #expect(pages.space.activeCount == 1)
            pages.space.invalidateRangeEnd(section)
            RegisteredThread { #expect(pages.invalidate(GuardedPages.hot, isBlockable: false)) }.join()
        }
    }

    @Test(
        "Invariant 35: a start that waits for another section holds up no grace period",
        arguments: ProtectedGuard.lockHolding)
    func waitsOutsideOfReadSections(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            _ = try pages.subscribe()
            let section = try opened(pages.space.invalidateRangeStart(.blockable(GuardedPages.hot)))
            let hasStarted = Gate()
            let waiting = RegisteredThread {
                pages.invalidate(GuardedPages.hot)
                hasStarted.open()
            }
            // It has the time to come to wherever it waits.
            #expect(!hasStarted.waitInVain())
            let isOver = Gate()
            let gracePeriod = RegisteredThread {
                RCU.synchronize()
                isOver.open()
            }
            #expect(eventually { isOver.isOpen })
            pages.space.invalidateRangeEnd(section)
            waiting.join()
            gracePeriod.join()
        }
    }

    @Test("A non-blockable start that would block is undone in the other subscribers, and the lock is free")
    func undoGivesTheLockBack() throws {
        for kind in ProtectedGuard.lockHolding {
            try RCU.withRegisteredThread {
                let space = AddressSpace()
                let first = GuardedPages(kind, space: space)
                let second = GuardedPages(kind, space: space)
                let firstIsBefore = try first.subscribe().isBefore(try second.subscribe())
                // Whichever comes last in the list's order is busy with a fault: the other one has started by then.
                let (started, busy) = firstIsBefore ? (first, second) : (second, first)
                _ = busy.fault(at: 510) { _ in
                    RegisteredThread { #expect(!space.startsAndEnds(.nonBlockable(508..<512))) }.join()
                    RegisteredThread { #expect(started.fault(at: 510).status == .installed) }.join()
                }
                #expect(space.startsAndEnds(.nonBlockable(508..<512)))
            }
        }
    }

    @Test("Faults share the read-write lock; they exclude each other under the mutex", arguments: [true, false])
    func faultsShare(sharing: Bool) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(sharing ? .readWriteLock : .mutex)
            _ = try pages.subscribe()
            let hasFaulted = Gate()
            let second = EventCounter()
            var faulter: RegisteredThread?
            _ = pages.fault(at: 510) { _ in
                faulter = RegisteredThread {
                    #expect(pages.fault(at: 511).status == .installed)
                    second.count()
                    hasFaulted.open()
                }
                #expect(sharing ? eventually { hasFaulted.isOpen } : !hasFaulted.waitInVain())
            }
            faulter?.join()
            #expect(second.value == 1)
        }
    }

    @Test("Stripes are independent: a section in one keeps nobody out of another")
    func stripesAreIndependent() throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(.stripeMutex)
            _ = try pages.subscribe()
            let section = try opened(pages.space.invalidateRangeStart(.blockable(0..<512)))
            RegisteredThread {
                #expect(pages.fault(at: 512).status == .installed)
                #expect(pages.invalidate(512..<1_024, isBlockable: false))
            }.join()
            pages.space.invalidateRangeEnd(section)
        }
    }

    @Test("A nested section traps", arguments: ProtectedGuard.lockHolding)
    func nestedSectionTraps(kind: ProtectedGuard) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind] in
            try RCU.withRegisteredThread {
                let pages = GuardedPages(kind)
                _ = try pages.subscribe()
                let section = try opened(pages.space.invalidateRangeStart(.blockable(0..<4)))
                // Elsewhere, even: the stripes of the two have nothing in common.
                pages.invalidate(512..<516)
                pages.space.invalidateRangeEnd(section)
            }
        }
        #expect(result?.trapped(saying: "cannot nest in a thread") == true)
    }

    @Test("A section that ends on another thread traps", arguments: ProtectedGuard.lockHolding)
    func movedSectionTraps(kind: ProtectedGuard) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind] in
            RCU.withRegisteredThread {
                let translationGuard = GuardedPages(kind).translationGuard
                guard let holder = translationGuard as? any TranslationGuard & SectionObserver else { return }
                RegisteredThread { _ = holder.invalidationStarted(.blockable(0..<4)) { _ in } }.join()
                holder.invalidationEnded(.blockable(0..<4))
            }
        }
        #expect(result?.trapped(saying: "must end on the thread it began on") == true)
    }

    @Test(
        "A walk that invalidates traps, whatever pages", arguments: ProtectedGuard.lockHolding, [508..<512, 512..<516])
    func invalidatingWalkTraps(kind: ProtectedGuard, range: Range<Int>) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind, range] in
            try RCU.withRegisteredThread {
                let pages = GuardedPages(kind)
                _ = try pages.subscribe()
                _ = pages.fault(at: 510) { _ in pages.invalidate(range) }
            }
        }
        #expect(result?.trapped(saying: "a walk under a guard that holds a lock over it invalidates") == true)
    }
}
