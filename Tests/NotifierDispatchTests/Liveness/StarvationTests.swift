import Glibc
import Testing

@testable import NotifierDispatch

@Suite("Rule D: faults do not starve invalidators", .serialized)
struct StarvationTests {
    /// Keeps the processor for as long as an install of the size of a cache line over a bus takes.
    static func install400ns() {
        let start = MonotonicClock.now()
        while MonotonicClock.now() - start < 400 {}
    }

    @Test(
        "Beside two threads that fault in one stripe without a pause, an invalidator of it gets its turn",
        arguments: [ProtectedGuard.striped, .adaptive, .stripeMutex])
    func sections(kind: ProtectedGuard) throws {
        try RCU.withRegisteredThread {
            let pages = GuardedPages(kind)
            _ = try pages.subscribe()
            let isDone = Gate()
            let faults = EventCounter()
            let faulters = (0..<2).map { number in
                RegisteredThread {
                    while !isDone.isOpen {
                        let status = pages.fault(at: 508 + number, duringInstall: Self.install400ns).status
                        if status == .installed { faults.count() }
                    }
                }
            }
            #expect(within { faults.value > 100 })
            var sections = 0
            let start = MonotonicClock.now()
            while MonotonicClock.now() - start < 300_000_000 {
                pages.invalidate(508..<512)
                sections += 1
            }
            isDone.open()
            for faulter in faulters { faulter.join() }
            print("\(kind): \(sections) sections beside \(faults.value) faults in 300 ms")
            #expect(sections >= 1_000)
            #expect(faults.value > 100)
            #expect(pages.stale.value == 0)
        }
    }
}
