import CPlatform
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
        let cores = CorePlacement.allowedCores
        let migrations = RoleThread(number: 0) { () -> UInt64? in
            let meter = ThreadUsageMeter()
            let start = meter.read()
            for _ in 0..<3 { cores.prefix(2).forEach { cplatform_pin_to_core($0) } }
            return (meter.read() - start).migrations
        }.join()
        if let migrations, cores.count > 1 { #expect(migrations >= 3) }
    }

    @Test("A role thread runs on its core only")
    func pinning() {
        for number in 0..<CorePlacement.allowedCores.count + 1 {
            let allowed = RoleThread(number: number) {
                (0..<cplatform_core_limit()).filter { cplatform_core_is_allowed($0) != 0 }
            }.join()
            #expect(allowed == [CorePlacement.allowedCores[number % CorePlacement.allowedCores.count]])
        }
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
