import Testing

@testable import InvalidationStorm

@Suite struct MachineTimeTests {
    /// After so many ticks of user's and system's time and of steal, so much own time, and so many milliseconds.
    private func time(
        user: Int = 1_000, system: Int = 200, steal: Int = 10, own: UInt64 = 0, at milliseconds: UInt64 = 0
    ) throws -> MachineTime {
        let text =
            "cpu  \(user) 5 \(system) 7812 111 3 30 \(steal) 900 0\ncpu0 769169 23 133069 389327 4275 0 156 989 0\n"
        return try #require(
            MachineTime(stat: text, ownNanoseconds: own * 1_000_000, nanoseconds: milliseconds * 1_000_000))
    }

    @Test("The first line is the sum over the cores; guests' time is in it once")
    func fields() throws {
        let time = try time()
        #expect(time.ticks.total == 1_000 + 5 + 200 + 7_812 + 111 + 3 + 30 + 10)
        #expect(time.ticks.busy == 1_000 + 5 + 200 + 3 + 30)
        #expect(time.ticks.steal == 10)
    }

    @Test(arguments: ["", "cpu 1 2 3\n", "cpu0 1 2 3 4 5 6 7 8\n", "cpu 1 2 3 4 5 6 7 x\n"])
    func whatIsNoneIsNotRead(text: String) {
        #expect(MachineTime(stat: text, ownNanoseconds: 0, nanoseconds: 0) == nil)
    }

    @Test("Steal is a part of all time, and absent where no time passed or it stepped back")
    func steal() throws {
        #expect(try time(user: 1_095, steal: 15).stealPercent(since: time()) == 5)
        #expect(try time().stealPercent(since: time()) == nil)
        #expect(try time(user: 1_095, steal: 9).stealPercent(since: time()) == nil)
    }

    @Test("The others' load is what the cores did without us")
    func otherLoad() throws {
        func load(user: Int, steal: Int = 10, own: UInt64, after milliseconds: UInt64) throws -> Double? {
            try time(user: user, steal: steal, own: own, at: milliseconds)
                .otherLoadCores(since: time(), ticksPerSecond: 100)
        }
        // 40 ticks of 10 ms: 400 ms of work in 200 ms, of which 300 ms are ours.
        #expect(try load(user: 1_040, own: 300, after: 200) == 0.5)
        #expect(try load(user: 1_040, steal: 30, own: 400, after: 200) == 0)
        #expect(try load(user: 1_001, own: 15, after: 200) == 0, "ticks are coarse: less than nothing is nothing")
        #expect(try load(user: 1_010, own: 0, after: 99) == nil, "too short to say")
        #expect(try load(user: 999, own: 0, after: 200) == nil, "the kernel's count stepped back")
    }

    @Test("This machine's time passes")
    func thisMachine() throws {
        let start = try #require(MachineTime.read())
        #expect(start.ticks.total > start.ticks.busy && start.ticks.busy > 0)
        #expect(try #require(MachineTime.read()).nanoseconds >= start.nanoseconds)
    }
}
