import Testing

@testable import InvalidationStorm

@Suite struct ThreadUsageTests {
    @Test("Processor time rises with work")
    func processorTime() {
        let used = RoleThread(number: 0) { () -> ThreadUsage in
            let meter = ThreadUsageMeter()
            let start = meter.read()
            var mixed: UInt64 = 1
            for step in 0..<3_000_000 as Range<UInt64> { mixed = (mixed ^ step) &* 0x9e37_79b9_7f4a_7c15 }
            precondition(mixed != 0)
            return meter.read() - start
        }.join()
        #expect(used.cpuNanoseconds > 0)
    }

    @Test("A thread that is pinned elsewhere is counted as migrated, where the kernel lets us count")
    func migrations() {
        let cpus = ThisMachine.topology.threads.filter(\.isAllowed).map(\.number)
        let migrations = RoleThread(number: 0) { () -> UInt64? in
            let meter = ThreadUsageMeter()
            let start = meter.read()
            for _ in 0..<3 { cpus.prefix(2).forEach { ThisMachine.bindThread(to: Place([$0])) } }
            return (meter.read() - start).migrations
        }.join()
        if let migrations, cpus.count > 1 { #expect(migrations >= 3) }
    }

    @Test("Steal is a part of all time, and absent where no time passed")
    func steal() {
        let start = MachineTime(steal: 10, total: 1_000)
        #expect(MachineTime(steal: 15, total: 1_100).stealPercent(since: start) == 5)
        #expect(start.stealPercent(since: start) == nil)
        #expect(MachineTime.read().map { $0.total > 0 } ?? true)
    }

    @Test("Two threads play ping-pong and know how long a round took")
    func coreRoundTrip() throws {
        let game = CoreRoundTrip()
        let first = RoleThread(number: 0) { game.serve(clock: .calibrated) }
        let second = RoleThread(number: 1) { game.answer() }
        #expect(try #require(first.join()) > 0)
        second.join()
    }
}
