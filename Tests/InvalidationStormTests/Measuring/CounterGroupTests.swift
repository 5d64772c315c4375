import Glibc
import Testing

@testable import InvalidationStorm

@Suite struct CounterGroupTests {
    private static let events = CountedEvent.ofFaults

    @Test("A reading is the number of counters, two times, and a count each")
    func decoding() {
        let counts = CounterGroup.counts(of: Self.events, in: [3, 5_000, 5_000, 70, 80, 9])
        #expect(counts == [.cycles: 70, .instructions: 80, .cacheMisses: 9])
    }

    @Test(
        "A reading is nothing where others had the counters, where they never ran, and where it is cut",
        arguments: [
            [3, 5_000, 4_999, 70, 80, 9], [3, 5_000, 0, 0, 0, 0], [3, 0, 0, 0, 0, 0], [2, 5_000, 5_000, 70, 80, 9],
            [3, 5_000, 5_000, 70, 80], [],
        ])
    func nothing(words: [UInt64]) {
        #expect(CounterGroup.counts(of: Self.events, in: words[...]).isEmpty)
    }

    @Test("Counters stand still until they start, then count what the thread does, together")
    func softwareEvents() throws {
        let readings = try RoleThread(number: 0) { () -> Result<[[CountedEvent: UInt64]], CounterGroup.Refusal> in
            do throws(CounterGroup.Refusal) {
                let group = try CounterGroup([.taskClock, .pageFaults])
                var readings = [group.counts()]
                group.start()
                let length = 16 * 4096
                let memory = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
                memory.storeBytes(of: 1, as: UInt8.self)
                readings.append(group.counts())
                munmap(memory, length)
                return .success(readings)
            } catch {
                return .failure(error)
            }
        }.join().get()
        #expect(readings[0].isEmpty)
        #expect(readings[1][.taskClock] ?? 0 > 0)
        #expect(readings[1][.pageFaults] ?? 0 > 0)
    }

    @Test("No events are no counters, and no error")
    func none() throws {
        let group = try CounterGroup([])
        group.start()
        #expect(group.counts().isEmpty)
    }

    @Test("Per fault is over all faulters, and absent where one of them has no count or nobody faulted")
    func perFault() {
        func usage(_ events: [CountedEvent: UInt64]) -> ThreadUsage {
            ThreadUsage(cpuNanoseconds: 0, involuntarySwitches: 0, migrations: nil, events: events)
        }
        let faulters = [
            usage([.cycles: 100, .instructions: 10, .cacheMisses: 1]), usage([.cycles: 300, .instructions: 30]),
        ]
        let perFault = EventsPerFault(of: faulters, faults: 8)
        #expect(perFault.cycles == 50 && perFault.instructions == 5 && perFault.cacheMisses == nil)
        #expect(EventsPerFault(of: faulters, faults: 0).cycles == nil)
    }

    @Test("Why there are no counters, and what to do")
    func refusals() {
        func text(_ errno: Int32, paranoia: Int? = nil) -> String {
            ProcessorCounters(refused: CounterGroup.Refusal(errno: errno), paranoia: paranoia).description
        }
        let invisible = "none: the processor's counters are not visible here (a virtual machine?)"
        for errno in [ENOENT, ENODEV, EOPNOTSUPP] { #expect(text(errno, paranoia: 3) == invisible) }
        let paranoid = "none: perf_event_paranoid is 3: sysctl kernel.perf_event_paranoid=1"
        for errno in [EACCES, EPERM] {
            #expect(text(errno, paranoia: 3) == paranoid)
            for paranoia in [2, nil] { #expect(text(errno, paranoia: paranoia).contains("a container?")) }
        }
        #expect(text(ENOSYS).contains("without perf_event_open"))
        #expect(text(EMFILE).contains("Too many open files"))
        #expect(
            ProcessorCounters(counting: [.cycles, .cacheMisses]).description == "cycles, cache misses, in user mode")
        #expect(!ProcessorCounters().description.isEmpty)
    }
}
