import Glibc
import Testing

@testable import NotifierDispatch

@Suite("Rule D: faults do not starve invalidators", .serialized)
struct StarvationTests {
    /// Keeps the processor for as long as an install that sends something to a device takes.
    static func install400ns() {
        let start = MonotonicClock.now()
        while MonotonicClock.now() - start < 400 {}
    }

    @Test(
        "Beside two threads that fault in one stripe without a pause, a section of it waits for the installs in flight",
        arguments: [ProtectedGuard.striped, .adaptive, .stripeMutex] + ProtectedGuard.restarting)
    func sections(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            _ = try pages.subscribe()
            let isDone = Gate()
            let installs = EventCounter()
            let faulters = (0..<2).map { number in
                RegisteredThread {
                    while !isDone.isOpen {
                        _ = pages.fault(
                            at: 508 + number,
                            duringInstall: {
                                Self.install400ns()
                                installs.count()
                            })
                    }
                }
            }
            #expect(within { installs.value > 100 })
            // Installs that came before the section did, for each section. Not the time, which is the machine's affair. Without
            // the sections that held back for a claim: a fault claims the pages if a section stayed open for its whole budget,
            // because its thread lost its processor. ClaimTests say how long such a section waits.
            var overtaking: [Int] = []
            let end = Deadline.after(nanoseconds: 300_000_000)
            let latestEnd = Deadline.after(nanoseconds: 10_000_000_000)
            while !end.hasPassed || (overtaking.count < 20 && !latestEnd.hasPassed) {
                let wasClaimed = pages.space.isClaimed
                let before = installs.value
                if let section = pages.space.invalidateRangeStart(.blockable(508..<512)) {
                    if !wasClaimed && !pages.space.isClaimed { overtaking.append(installs.value - before) }
                    pages.change(508..<512)
                    pages.space.invalidateRangeEnd(section)
                }
                // The faults go on: sections that follow each other at once could keep them out.
                usleep(200)
            }
            isDone.open()
            for faulter in faulters { faulter.join() }
            try #require(overtaking.count >= 20)
            // Four in five: beside one whose thread lost its processor many may come.
            let mostly = overtaking.sorted()[overtaking.count * 4 / 5]
            #expect(
                mostly < 100, "\(overtaking.count) sections, up to \(mostly) installs before four in five")
            #expect(installs.value > 1_000)
            #expect(pages.stale.value == 0)
        }
    }
}
