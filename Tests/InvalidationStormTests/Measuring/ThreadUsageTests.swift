import Glibc
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

    @Test("Waiting, page faults and time are counted for the thread that has them")
    func counts() {
        let used = RoleThread(number: 0) { () -> ThreadUsage in
            let meter = ThreadUsageMeter()
            let start = meter.read()
            for _ in 0..<3 { usleep(100) }
            let length = 1 << 20
            let memory = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
            for offset in stride(from: 0, to: length, by: 4096) {
                memory.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
            }
            munmap(memory, length)
            return meter.read() - start
        }.join()
        #expect(used.voluntarySwitches >= 3)
        #expect(used.pageFaults >= 1)
        #expect(used.elapsedNanoseconds >= 300_000)
        #expect(used.runQueueNanoseconds ?? 0 <= used.elapsedNanoseconds)
    }

    @Test("A window is what lies between its opening and its closing")
    func window() {
        let (result, usage) = RoleThread(number: 0) {
            ThreadUsageMeter.duringWindow(counting: [.taskClock]) { atWindow -> Int in
                for _ in 0..<50 { usleep(100) }
                atWindow(true)
                usleep(100)
                atWindow(false)
                for _ in 0..<50 { usleep(100) }
                return 7
            }
        }.join()
        #expect(result == 7)
        // A loaded machine adds involuntary switches, never voluntary ones.
        #expect((1..<50).contains(usage.voluntarySwitches))
    }
}
