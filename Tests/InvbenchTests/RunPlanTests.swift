import InvalidationStorm
import Testing

@testable import invbench

@Suite struct RunPlanTests {
    private func plan(_ words: String..., cores: Int = 2) throws -> RunPlan {
        let traces = ["redis", "java", "gcc"].map { "/bundle/\($0).strace.gz" }
        let options = try RunOptions.parse(CommandLineWords.normalised(words))
        return try RunPlan(
            options, catalogue: CellCatalogue(builtInTraces: traces, userTraces: options.traces), cores: cores)
    }

    private func work(_ plan: RunPlan, of guardName: String = "mutex") -> Set<String> {
        let prefix = "storm/\(guardName)/"
        return Set(plan.cells.map(\.name).filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) })
    }

    private static let quick: Set<String> = [
        "calm/faulters:1/invalidators:0", "calm/faulters:2/invalidators:0", "steady/faulters:1/invalidators:1",
        "storm/faulters:1/invalidators:1", "pressure/faulters:1/invalidators:1",
        "trace:redis/faulters:1/invalidators:1",
    ]

    @Test func quickIsTheSameOnEveryMachine() throws {
        for cores in [1, 2, 16] {
            let plan = try plan(cores: cores)
            #expect(work(plan) == Self.quick)
            #expect(plan.repetitions == 6)
            #expect(plan.expectedSeconds < 120)
        }
    }

    @Test func quickHasTheUsersOwnTraces() throws {
        #expect(
            work(try plan("--trace", "/mine/app.strace")).subtracting(Self.quick) == [
                "trace:app/faulters:1/invalidators:1"
            ])
    }

    @Test func standardHasAllScenariosTwoFaultersAndLongWalks() throws {
        let plan = try plan("--profile", "standard")
        let others = [
            "hot", "sweep", "burst", "wide", "exit", "nonblocking", "fanout", "churn", "trace:java", "trace:gcc",
        ]
        #expect(
            work(plan).subtracting(Self.quick)
                == Set(
                    others.map { "\($0)/faulters:1/invalidators:1" } + [
                        "steady/faulters:2/invalidators:1", "storm/faulters:1/invalidators:1/walk:1000ns",
                        "hot/faulters:1/invalidators:1/walk:1000ns",
                    ]))
        #expect(plan.repetitions == 9 && plan.windowNanoseconds == 250_000_000)
        #expect(plan.expectedSeconds < 1200)
    }

    @Test func standardClimbsTheLadderOnLargerMachines() throws {
        #expect(work(try plan("--profile", "standard", cores: 8)).contains("storm/faulters:8/invalidators:1"))
    }

    @Test func fullIsEverythingRegistered() throws {
        let plan = try plan("--profile=full")
        #expect(work(plan).count == 30)
        #expect(plan.repetitions == 9 && plan.windowNanoseconds == 1_000_000_000)
    }

    @Test func aFilterChoosesAmongAllRegistered() throws {
        let plan = try plan("--benchmark_filter=^storm/mutex/storm/")
        #expect(work(plan) == ["storm/faulters:1/invalidators:1", "storm/faulters:2/invalidators:1"])
        #expect(plan.cells.count == 2)
    }

    @Test func anExplicitSelectionReplacesTheProfile() throws {
        let plan = try plan("--guard", "mutex", "--scenario", "storm", "--faulters", "8", "--invalidators", "4")
        #expect(plan.cells.map(\.name) == ["storm/mutex/storm/faulters:8/invalidators:4"])
    }

    @Test func theWalkOfACommandLineHoldsInAProfile() throws {
        #expect(work(try plan("--walk-ns", "1000")).contains("storm/faulters:1/invalidators:1/walk:1000ns"))
        #expect(work(try plan("--walk-ns", "1000")).contains("pressure/faulters:1/invalidators:1"))
    }

    @Test func nothingChosenIsAnError() {
        #expect(throws: UsageError.self) { try plan("--benchmark_filter=nothing_has_this_name") }
        #expect(throws: UsageError.self) { try plan("--scenario", "storm", "--invalidators", "0") }
    }

    @Test func guardsThatNeedAnUndoAreLeftOutUnderCallAll() throws {
        let plan = try plan("--scenario", "storm", "--pairing", "call-all")
        let needing = GuardCatalogue.builtIn.filter(\.needsTargetedUndo).map(\.name)
        #expect(!needing.isEmpty)
        #expect(plan.cells.allSatisfy { !needing.contains($0.entry.name) })
        #expect(plan.notes.count == 1 && needing.allSatisfy { plan.notes[0].contains($0) })
        #expect(throws: UsageError.self) { try self.plan("--guard", "mutex", "--pairing", "call-all") }
    }

    @Test func everyRoundHasEveryCellOnce() throws {
        let turns = Schedule.turns(cells: 20, repetitions: 3, isInterleaved: true, seed: 7)
        for repetition in 0..<3 {
            let round = turns[repetition * 20..<(repetition + 1) * 20]
            #expect(round.allSatisfy { $0.repetition == repetition })
            #expect(Set(round.map(\.cell)) == Set(0..<20))
        }
        #expect(turns[0..<20].map(\.cell) != turns[20..<40].map(\.cell))
    }

    @Test func aSeedDecidesTheOrder() {
        func order(_ seed: UInt64) -> [Turn] {
            Schedule.turns(cells: 30, repetitions: 2, isInterleaved: true, seed: seed)
        }
        #expect(order(3) == order(3))
        #expect(order(3) != order(4))
    }

    @Test func withoutInterleavingCellFollowsCell() {
        let turns = Schedule.turns(cells: 2, repetitions: 2, isInterleaved: false, seed: 1)
        #expect(turns.map(\.cell) == [0, 0, 1, 1])
        #expect(turns.map(\.repetition) == [0, 1, 0, 1])
    }

    @Test func guardsMeetTheSameWorkInOneRoundAndOtherWorkInTheNext() {
        let seeds = (0..<9).map { Schedule.workSeed(seed: 1, repetition: $0) }
        #expect(Set(seeds).count == 9)
    }
}
