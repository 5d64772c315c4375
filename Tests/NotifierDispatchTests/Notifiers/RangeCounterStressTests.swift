import Glibc
import Testing

@testable import NotifierDispatch

@Suite("RangeCounter under load")
struct RangeCounterStressTests {
    /// What sections and claims must not both be in. Plain memory is written under claims only.
    final class Occupancy: @unchecked Sendable {
        // @unchecked: `tally` is only touched under a claim.
        var tally = 0
        let claims = EventCounter()
        let claimants = EventCounter()
        let sections = EventCounter()
        let mixUps = EventCounter()
    }

    @Test("Claims exclude each other and every section; sections nest in each other")
    func claimsExclude() {
        RCU.withRegisteredThread {
            let space = AddressSpace()
            let occupancy = Occupancy()
            runThreads(4) { number in
                var random = SeededRandom(seed: number)
                for _ in 0..<300 {
                    if number < 2 {
                        guard space.claim(until: .after(nanoseconds: 500_000_000)) else { continue }
                        occupancy.claims.count()
                        occupancy.tally += 1
                        occupancy.claimants.count()
                        if space.activeCount != 0 || occupancy.sections.value != 0 { occupancy.mixUps.count() }
                        if random.oneIn(4) { usleep(20) }
                        if space.activeCount != 0 || occupancy.sections.value != 0 { occupancy.mixUps.count() }
                        if occupancy.claimants.value != 1 { occupancy.mixUps.count() }
                        occupancy.claimants.add(-1)
                        space.releaseClaim()
                    } else {
                        // So that a claim can come between two sections, and a section would come into a claim.
                        if random.oneIn(2) { usleep(20) }
                        guard space.raise(isBlockable: random.oneIn(2)) else { continue }
                        occupancy.sections.count()
                        if random.oneIn(4) { usleep(20) }
                        if random.oneIn(10), space.raise() { space.lower() }
                        occupancy.sections.add(-1)
                        space.lower()
                    }
                }
            }
            #expect(occupancy.mixUps.value == 0)
            #expect(occupancy.tally == occupancy.claims.value)
            #expect(occupancy.claims.value > 0)
            #expect(space.activeCount == 0)
            #expect(!space.isClaimed)
        }
    }
}
