import Glibc
import Synchronization
import Testing

@testable import InvalidationStorm

@Suite struct ThreadUsageTests {
    @Test("Processor time rises with work")
    func processorTime() {
        let used = RoleThread(number: 0) { () -> ThreadUsage in
            let meter = ThreadUsageMeter()
            let start = meter.read(isOpening: true)
            var mixed: UInt64 = 1
            for step in 0..<3_000_000 as Range<UInt64> { mixed = (mixed ^ step) &* 0x9e37_79b9_7f4a_7c15 }
            precondition(mixed != 0)
            return meter.read(isOpening: false) - start
        }.join()
        #expect(used.cpuNanoseconds > 0)
    }

    @Test("A thread that is pinned elsewhere is counted as migrated, where the kernel lets us count")
    func migrations() {
        let cpus = ThisMachine.topology.threads.filter(\.isAllowed).map(\.number)
        let migrations = RoleThread(number: 0) { () -> UInt64? in
            let meter = ThreadUsageMeter()
            let start = meter.read(isOpening: true)
            for _ in 0..<3 { cpus.prefix(2).forEach { ThisMachine.bindThread(to: Place([$0])) } }
            return (meter.read(isOpening: false) - start).migrations
        }.join()
        if let migrations, cpus.count > 1 { #expect(migrations >= 3) }
    }

    @Test("Waiting, page faults and time are counted for the thread that has them")
    func counts() {
        let used = RoleThread(number: 0) { () -> ThreadUsage in
            let meter = ThreadUsageMeter()
            let start = meter.read(isOpening: true)
            for _ in 0..<3 { usleep(100) }
            let length = 1 << 20
            let memory = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
            for offset in stride(from: 0, to: length, by: 4096) {
                memory.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
            }
            munmap(memory, length)
            return meter.read(isOpening: false) - start
        }.join()
        #expect(used.voluntarySwitches >= 3)
        #expect(used.pageFaults >= 1)
        #expect(used.elapsedNanoseconds >= 300_000)
        #expect(used.runQueueNanoseconds ?? 0 <= used.elapsedNanoseconds)
    }

    @Test("A thread that loses its core while it reads has not waited longer than its window lasted")
    func preemptedReading() {
        guard let cpu = ThisMachine.topology.threads.first(where: \.isAllowed)?.number else { return }
        let isOver = Atomic<Bool>(false)
        // Threads of one core preempt each other, in the middle of a reading too.
        let others = (1...2).map { number in
            RoleThread(number: number) {
                ThisMachine.bindThread(to: Place([cpu]))
                while !isOver.load(ordering: .relaxed) {}
            }
        }
        let longer = RoleThread(number: 0) { () -> [ThreadUsage] in
            ThisMachine.bindThread(to: Place([cpu]))
            let meter = ThreadUsageMeter()
            return (0..<30_000).map { _ in
                let start = meter.read(isOpening: true)
                return meter.read(isOpening: false) - start
            }.filter { ($0.runQueueNanoseconds ?? 0) > $0.elapsedNanoseconds }
        }.join()
        isOver.store(true, ordering: .relaxed)
        others.forEach { $0.join() }
        #expect(longer.isEmpty)
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
