import BenchmarkRecords
import FactTrees
import Testing

@testable import InvbenchCommand

extension FactTree {
    /// A look at four processors; processes by number, with their `stat` file's text behind the number.
    static func times(idle: Int, busy: Int = 0, steal: Int = 0, processes: [Int: String] = [:]) throws
        -> ProcessorTimes?
    {
        var files = [
            "proc/stat": "cpu  \(busy) 0 0 \(idle) 0 0 0 \(steal) 0 0\ncpu0 1\ncpu1 1\ncpu2 1\ncpu3 1\nintr 5\n",
            "proc/self/stat": "7 (invbench) R 1\n",
        ]
        for (process, text) in processes { files["proc/\(process)/stat"] = "\(process) \(text)" }
        return try with(files) { ProcessorTimes(FactFiles(root: $0)) }
    }

    /// A process's `stat` file, after `ticks` ticks, half of them in the kernel.
    static func process(_ name: String, ticks: Int) -> String {
        "(\(name)) S 1 1 1 0 -1 0 0 0 0 0 \(ticks - ticks / 2) \(ticks / 2) 0 0\n"
    }

    /// What four processors did in a second of 100 ticks, and which processes, of these ticks, did it.
    static func load(busy: Int = 0, steal: Int = 0, processes: [String: Int] = [:]) throws -> ProcessorLoad? {
        let all = processes.sorted { $0.value > $1.value }.enumerated().map { ($0 + 100, $1) }
        let ends = Dictionary(uniqueKeysWithValues: all.map { ($0, process($1.key, ticks: $1.value)) })
        let start = try times(idle: 1000, busy: 5)
        let end = try times(idle: 1400 - busy - steal, busy: 5 + busy, steal: steal, processes: ends)
        guard let start, let end else { return nil }
        return ProcessorLoad(from: start, to: end)
    }
}

@Suite struct ProcessorLoadTests {
    private func load(from start: [Int: String], to end: [Int: String], busy: Int) throws -> ProcessorLoad {
        let first = try #require(try FactTree.times(idle: 1000, busy: 50, steal: 3, processes: start))
        let last = try #require(try FactTree.times(idle: 1400 - busy, busy: 50 + busy, steal: 3, processes: end))
        return try #require(ProcessorLoad(from: first, to: last))
    }

    @Test func theLargestAreNamedAndThisProcessIsNot() throws {
        let start = [
            7: FactTree.process("invbench", ticks: 10), 20: FactTree.process("a", ticks: 500),
            21: FactTree.process("b (c) d", ticks: 1), 22: FactTree.process("c", ticks: 0),
            23: FactTree.process("d", ticks: 0), 24: FactTree.process("e", ticks: 3),
        ]
        let end = [
            7: FactTree.process("invbench", ticks: 50), 20: FactTree.process("a", ticks: 504),
            21: FactTree.process("b (c) d", ticks: 81), 22: FactTree.process("c", ticks: 30),
            23: FactTree.process("d", ticks: 20), 25: FactTree.process("new", ticks: 100),
        ]
        let load = try load(from: start, to: end, busy: 274)
        #expect(load.processors == 4)
        #expect(abs(load.busy - 2.34) < 1e-9)
        #expect(load.stolen == 0)
        #expect(load.burners.map(\.name) == ["new", "b (c) d", "c"])
        #expect(load.burners.map(\.process) == [25, 21, 22])
        #expect(abs(load.burners[1].processors - 0.8) < 1e-9)
    }

    /// A number that was given again begins anew.
    @Test func aClockThatWentBackwardsCountsNothing() throws {
        let load = try load(
            from: [20: FactTree.process("a", ticks: 500)], to: [20: FactTree.process("b", ticks: 3)], busy: 0)
        #expect(load.busy == 0 && load.burners.isEmpty)
    }

    @Test func withoutTimeInBetweenThereIsNone() throws {
        let times = try #require(try FactTree.times(idle: 1))
        #expect(ProcessorLoad(from: times, to: times) == nil)
    }

    @Test func withoutClocksThereIsNone() throws {
        for text in ["", "intr 1\n", "cpu  1 2\n", "cpu  a b c d e\n"] {
            #expect(try FactTree.with(["proc/stat": text]) { ProcessorTimes(FactFiles(root: $0)) } == nil, "\(text)")
        }
    }

    @Test func brokenProcessesAreLeftOut() throws {
        let processes = [1: "", 2: "(a", 3: ")a(", 4: "(a) S 1", 5: "(a) S 1 1 1 0 -1 0 0 0 0 0 x y 0 0"]
        #expect(try FactTree.times(idle: 1, processes: processes)?.processes.isEmpty == true)
    }
}
