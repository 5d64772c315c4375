import Glibc
import Testing

@testable import NotifierDispatch

@Suite("RangeCounter under load")
struct RangeCounterStressTests {
    @Test("Starts, ends and epochs that meet lose no count, no start, and mix no parities up")
    func nothingIsLost() {
        let space = AddressSpace()
        let starts = EventCounter()
        let lastOnes = EventCounter()
        let epochs = EventCounter()
        runThreads(4) { number in
            var random = SeededRandom(seed: number)
            for _ in 0..<20_000 {
                if number == 3 {
                    if space.advance(from: space.counterState) { epochs.count() }
                    if random.oneIn(50) { sched_yield() }
                    continue
                }
                // An end of the wrong parity traps sooner or later, or leaves a count.
                let outer = space.raise()
                let ticket = space.readBegin()
                if random.oneIn(100) { sched_yield() }
                let inner = space.raise()
                starts.add(2)
                if !space.readRetry(ticket) { Issue.record("a start has not moved the generation") }
                if space.lower(parity: outer) { lastOnes.count() }
                if space.lower(parity: inner) { lastOnes.count() }
            }
        }
        #expect(space.activeCount == 0)
        #expect(space.counterState.mayAdvance)
        #expect(space.counter.word.pointee.load(ordering: .acquiring) / RangeCounter.generationUnit == starts.value)
        #expect(lastOnes.value > 0)
        #expect(epochs.value > 1)
    }
}
