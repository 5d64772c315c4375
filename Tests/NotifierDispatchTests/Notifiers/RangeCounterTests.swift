import Glibc
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
            space.raise()
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
            space.raise()
            space.raise()
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
                space.raise()
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
            space.raise()
            #expect(space.activeCount == 1)
            #expect(space.readRetry(ticket))
            space.lower()
            #expect(space.activeCount == 0)
            #expect(space.counterState.epoch == 0)
            let again = space.readBegin()
            #expect(again.isIdle)
            #expect(!space.readRetry(again))
            #expect(space.readRetry(ticket))
        }
    }

    @Test(
        "Invariant 7: an end too many traps, also where a section of the other parity is open",
        arguments: [true, false])
    func invariant7(isOtherOpen: Bool) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [isOtherOpen] in
            let space = AddressSpace()
            space.raise()
            space.lower()
            if isOtherOpen {
                _ = space.advance(from: space.counterState)
                space.raise()
            }
            space.lower()
        }
        #expect(result?.trapped(saying: "an invalidation ended that had not started") == true)
    }

    @Test("Sections are counted by the parity of the epoch that they started in, and their ends with them")
    func countsByParity() {
        let space = AddressSpace()
        let starts = [space.raise(), space.raise()]
        #expect(starts == [0, 0])
        #expect(space.advance(from: space.counterState))
        let later = [space.raise(), space.raise()]
        #expect(later == [1, 1])
        #expect(space.activeCount == 4)
        // Whether it was the last one of its parity, whatever is open of the other.
        #expect(!space.lower(parity: 1))
        #expect(!space.lower(parity: 0))
        #expect(space.lower(parity: 0))
        #expect(space.activeCount == 1)
        #expect(!space.readBegin().isIdle)
        #expect(space.lower(parity: 1))
        #expect(space.readBegin().isIdle)
    }

    @Test("The next epoch may not begin while a section of the one before is open")
    func advanceIsRefused() {
        let space = AddressSpace()
        space.raise()
        #expect(space.advance(from: space.counterState))
        #expect(space.counterState.epoch == 1)
        #expect(!space.counterState.mayAdvance)
        #expect(!space.advance(from: space.counterState))
        space.raise()
        #expect(!space.advance(from: space.counterState))
        #expect(space.counterState.epoch == 1)
        // A section of this epoch does not keep the next one from beginning, but the one after that.
        space.lower(parity: 0)
        #expect(space.advance(from: space.counterState))
        #expect(!space.advance(from: space.counterState))
        #expect(space.counterState.epoch == 2)
        #expect(space.activeCount == 1)
    }

    @Test("An epoch does not begin from a state that the counter has left")
    func advanceFromAnOldState() {
        let space = AddressSpace()
        let idle = space.counterState
        space.raise()
        #expect(!space.advance(from: idle))
        let open = space.counterState
        space.lower()
        #expect(!space.advance(from: open))
        #expect(space.counterState.epoch == 0)
        #expect(space.advance(from: space.counterState))
        #expect(!space.advance(from: open))
        #expect(space.counterState.epoch == 1)
    }

    @Test("The sections of an epoch have ended when theirs and older ones have, and not before")
    func haveEnded() {
        let space = AddressSpace()
        #expect(!space.counterState.haveEnded(since: 0))
        space.raise()
        #expect(space.advance(from: space.counterState))
        #expect(!space.counterState.haveEnded(since: 0))
        #expect(!space.counterState.haveEnded(since: 1))
        // A newer one changes nothing, open or not.
        space.raise()
        #expect(!space.counterState.haveEnded(since: 0))
        space.lower(parity: 0)
        #expect(space.counterState.haveEnded(since: 0))
        #expect(!space.counterState.haveEnded(since: 1))
        #expect(space.advance(from: space.counterState))
        #expect(space.counterState.haveEnded(since: 0))
        #expect(!space.counterState.haveEnded(since: 1))
        space.raise()
        space.lower(parity: 1)
        #expect(space.counterState.haveEnded(since: 1))
        #expect(!space.counterState.haveEnded(since: 2))
    }

    @Test("Epochs begin again after the fourth, and neither readers nor counts notice")
    func epochsWrapAround() {
        let space = AddressSpace()
        space.setGenerationToLast()
        let ticket = space.readBegin()
        for epoch in [1, 2, 3, 0, 1] {
            #expect(space.advance(from: space.counterState))
            #expect(space.counterState.epoch == epoch)
            #expect(space.readBegin().isIdle)
            #expect(!space.readRetry(ticket))
        }
        let parity = space.raise()
        #expect(parity == 1)
        #expect(space.counterState.epoch == 1)
        #expect(space.activeCount == 1)
        #expect(space.readRetry(ticket))
    }

    @Test("As many sections as there may be of each epoch are counted, and carry into nothing")
    func fullCounts() {
        let space = AddressSpace()
        for _ in 0..<RangeCounter.limit { space.raise() }
        #expect(RangeCounter.limit == 16_383)
        #expect(space.activeCount == RangeCounter.limit)
        #expect(space.counterState.epoch == 0)
        #expect(space.counterState.mayAdvance)
        #expect(space.advance(from: space.counterState))
        for _ in 0..<RangeCounter.limit { space.raise() }
        #expect(space.activeCount == 2 * RangeCounter.limit)
        #expect(space.counterState.epoch == 1)
        for parity: UInt64 in [0, 1] {
            for number in 1...RangeCounter.limit {
                let isLast = space.lower(parity: parity)
                if isLast != (number == RangeCounter.limit) { Issue.record("the \(number)th end of parity \(parity)") }
            }
        }
        #expect(space.activeCount == 0)
        #expect(space.counterState.epoch == 1)
    }

    @Test("One section of an epoch more than can be counted traps, of either parity", arguments: [0, 1] as [UInt64])
    func overflowTraps(parity: UInt64) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [parity] in
            let space = AddressSpace()
            if parity == 1 { _ = space.advance(from: space.counterState) }
            for _ in 0..<RangeCounter.limit { space.raise() }
            // Where it came so far.
            guard space.activeCount == RangeCounter.limit else { exit(0) }
            space.raise()
        }
        #expect(result?.trapped(saying: "more than 16,383 invalidations are open at once") == true)
    }
}

extension AddressSpace {
    /// As many starts ago as the word can count.
    func setGenerationToLast() {
        counter.word.pointee.store(0 &- RangeCounter.generationUnit, ordering: .relaxed)
    }
}
