import Testing

@testable import NotifierDispatch

@Suite("RangeCounter")
struct RangeCounterTests {
    @Test("A ticket holds until the next start: the truth table")
    func truthTable() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let idle = space.readBegin()
            #expect(idle.isIdle)
            #expect(!space.readRetry(idle))
            #expect(space.raise())
            #expect(space.readRetry(idle))
            let open = space.readBegin()
            #expect(!open.isIdle)
            // An end alone starts nothing; that the section was open is what isIdle said.
            #expect(!space.readRetry(open))
            space.lower()
            #expect(!space.readRetry(open))
            #expect(space.readRetry(idle))
            let again = space.readBegin()
            #expect(again.isIdle)
            #expect(space.raise())
            #expect(space.raise())
            #expect(space.activeCount == 2)
            space.lower()
            #expect(!space.readBegin().isIdle)
            space.lower()
            #expect(space.readBegin().isIdle)
            #expect(space.readRetry(again))
            #expect(space.readRetry(open))
        }
    }

    @Test("Invariant 8: a whole section between begin and retry is seen, though the count is what it was")
    func invariant8() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let ticket = space.readBegin()
            #expect(space.startsAndEnds(.blockable()))
            #expect(space.activeCount == 0)
            #expect(space.readRetry(ticket))
        }
    }

    @Test("Invariant 9: once collided, a ticket stays so through further sections")
    func invariant9() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let ticket = space.readBegin()
            for _ in 0..<1_000 {
                #expect(space.raise())
                #expect(space.readRetry(ticket))
                space.lower()
                #expect(space.readRetry(ticket))
            }
        }
    }

    @Test("Invariant 15: the generation wraps around without a trap, and readers go on")
    func invariant15() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            space.setGenerationToLast()
            let ticket = space.readBegin()
            #expect(ticket.isIdle)
            #expect(space.raise())
            #expect(space.activeCount == 1)
            #expect(space.readRetry(ticket))
            space.lower()
            #expect(space.activeCount == 0)
            #expect(!space.isClaimed)
            #expect(space.waitUntilIdle(until: .never).map { space.readRetry($0) } == false)
            #expect(space.readRetry(ticket))
        }
    }

    @Test("Invariant 7: an end too many traps")
    func invariant7() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let space = AddressSpace()
            _ = space.raise()
            space.lower()
            space.lower()
        }
        #expect(result?.trapped(saying: "an invalidation ended that had not started") == true)
    }

    @Test("Invariant 34: waiting for the sections to end stops at the deadline, though nobody ends them")
    func invariant34() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            #expect(space.raise())
            #expect(space.waitUntilIdle(until: .after(nanoseconds: 1_000_000)) == nil)
            #expect(space.waitUntilIdle(until: .after(nanoseconds: 0)) == nil)
            space.lower()
            #expect(space.waitUntilIdle(until: .after(nanoseconds: 0))?.isIdle == true)
        }
    }

    @Test("A claim is exclusive: no start goes in, blockable or not, until it is given back")
    func claimIsExclusive() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let isStarting = Gate()
            let hasStarted = Gate()
            #expect(space.claim())
            #expect(space.isClaimed)
            let starter = RegisteredThread {
                #expect(!space.raise(isBlockable: false))
                isStarting.open()
                #expect(space.raise())
                hasStarted.open()
                space.lower()
            }
            isStarting.wait()
            #expect(!hasStarted.waitInVain())
            #expect(space.activeCount == 0)
            space.releaseClaim()
            starter.join()
            #expect(hasStarted.isOpen)
            #expect(!space.isClaimed)
            #expect(space.activeCount == 0)
        }
    }

    @Test("A claim waits until the sections that are open have ended")
    func claimWaitsForOpenSections() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let hasClaimed = Gate()
            #expect(space.raise())
            #expect(space.raise())
            let claimant = RegisteredThread {
                #expect(space.claim())
                hasClaimed.open()
                #expect(space.activeCount == 0)
                space.releaseClaim()
            }
            #expect(eventually { space.isClaimed })
            space.lower()
            #expect(!hasClaimed.waitInVain())
            space.lower()
            claimant.join()
            #expect(hasClaimed.isOpen)
        }
    }

    @Test("A claim that meets its deadline is taken back, and starts go in again")
    func claimMeetsItsDeadline() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            #expect(space.raise())
            #expect(!space.claim(until: .after(nanoseconds: 1_000_000)))
            #expect(!space.isClaimed)
            #expect(space.raise(isBlockable: false))
            space.lower()
            space.lower()
            #expect(space.claim(until: .after(nanoseconds: 0)))
            space.releaseClaim()
        }
    }

    @Test("A claim behind another one meets its deadline, and leaves the other one its claim")
    func claimBehindAClaim() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            #expect(space.claim())
            RegisteredThread { #expect(!space.claim(until: .after(nanoseconds: 1_000_000))) }.join()
            #expect(space.isClaimed)
            RegisteredThread { #expect(!space.raise(isBlockable: false)) }.join()
            space.releaseClaim()
            RegisteredThread {
                #expect(space.claim())
                space.releaseClaim()
            }.join()
        }
    }

    @Test("While a claim drains, a non-blockable start is refused")
    func drainingRefusesNonBlockableStarts() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            #expect(space.raise())
            let claimant = RegisteredThread {
                #expect(space.claim())
                space.releaseClaim()
            }
            #expect(eventually { space.isClaimed })
            #expect(!space.raise(isBlockable: false))
            #expect(space.activeCount == 1)
            space.lower()
            claimant.join()
        }
    }

    @Test("A section that nests in one for which a claim waits goes in after a while: no deadlock")
    func nestedSectionDuringDraining() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            #expect(space.raise())
            let claimant = RegisteredThread {
                #expect(space.claim())
                space.releaseClaim()
            }
            #expect(eventually { space.isClaimed })
            #expect(space.raise())
            #expect(space.activeCount == 2)
            space.lower()
            space.lower()
            claimant.join()
            #expect(!space.isClaimed)
        }
    }

    @Test("An exclusive read runs while nothing is open, gives the claim back, and is refused at its deadline")
    func withExclusiveRead() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let result = space.withExclusiveRead(until: .never) {
                #expect(space.isClaimed)
                return 7
            }
            #expect(result == 7)
            #expect(!space.isClaimed)
            #expect(space.raise())
            #expect(space.withExclusiveRead(until: .after(nanoseconds: 0)) { 7 } == nil)
            space.lower()
        }
    }

    @Test("A walk that invalidates under its own exclusive read traps")
    func invalidatingUnderAClaimTraps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            RCU.withRegisteredThread {
                let space = AddressSpace()
                _ = space.claim()
                _ = space.invalidateRangeStart(.blockable())
            }
        }
        #expect(result?.trapped(saying: "a walk under an exclusive read invalidates the space") == true)
    }

    @Test("A second claim by the thread that has one traps, also where it comes from a registration")
    func claimingTwiceTraps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try RCU.withRegisteredThread {
                let space = AddressSpace()
                _ = space.claim()
                _ = try space.register(RecordingSubscriber())
            }
        }
        #expect(result?.trapped(saying: "this thread has claimed the space already") == true)
    }

    @Test("A thread that knows nothing of the engine claims")
    func claimOnFirstUse() {
        PlainThread {
            let space = AddressSpace()
            let claimed = space.claim()
            #expect(claimed)
            let isClaimed = space.counter.isClaimed
            #expect(isClaimed)
            space.counter.releaseClaim()
        }.join()
    }
}

extension AddressSpace {
    /// As many starts ago as the word can count.
    func setGenerationToLast() {
        counter.word.pointee.word.store(0 &- RangeCounter.generationUnit, ordering: .relaxed)
    }
}
