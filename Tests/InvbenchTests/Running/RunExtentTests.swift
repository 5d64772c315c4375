import ArgumentParser
import BenchmarkRecords
import Testing

@testable import InvbenchCommand

@Suite struct RunExtentTests {
    /// Two workloads of two guards each, 16 times: more often, windows of a second would take too long.
    private func plan(_ words: String...) throws -> RunPlan {
        let choice = ["--guard", "mutex,kvm", "--scenario", "storm,steady", "--faulters", "1", "--window", "1s"]
        return try RunPlan(
            RunOptions.parse(choice + words), catalogue: CellCatalogue(builtInTraces: []), cores: 2)
    }

    /// Asks for every repetition of the plan, and makes the row of each one that is measured.
    private func measured(_ plan: RunPlan, roundTrip: (PlannedRepetition) -> (before: Double, after: Double))
        -> [PlannedRepetition]
    {
        var extent = RunExtent(plan)
        var rows: [ResultRow] = []
        var measured: [PlannedRepetition] = []
        for (position, planned) in plan.order.enumerated() where extent.includes(position, rows: rows) {
            let trip = roundTrip(planned)
            measured.append(planned)
            rows.append(
                ResultRow(
                    runName: plan.cells[planned.cell].name, repetitionIndex: planned.repetition, realNanoseconds: 1,
                    cpuNanoseconds: 1,
                    counters: [
                        Metric.coreRoundTrip.rawValue: trip.before, Metric.coreRoundTripAfter.rawValue: trip.after,
                        Metric.faultsPerSecond.rawValue: 1e6,
                    ]))
        }
        return measured
    }

    @Test func whatIsAlikeIsMeasuredAsOftenAsWanted() throws {
        let plan = try plan()
        #expect(plan.workloads.map(\.count) == [2, 2] && plan.repetitions == 16)
        #expect(measured(plan) { _ in (100, 100) }.count == 4 * 16)
    }

    @Test func aWorkloadWhoseBlocksAreNotAlikeIsMeasuredAgain() throws {
        let plan = try plan()
        let storms = Set(plan.cells.indices.filter { plan.cells[$0].scenario.name == "storm" })
        // Of storm's blocks every second one met the cores in another state.
        let order = measured(plan) { planned in
            storms.contains(planned.cell) && planned.repetition % 2 == 1 ? (400, 400) : (100, 100)
        }
        let (inStorm, others) = (order.filter { storms.contains($0.cell) }, order.filter { !storms.contains($0.cell) })
        #expect(others.count == 2 * 16)
        // The sixteenth near block is the 31st.
        #expect(inStorm.count == 2 * 31)
        for repetition in 0..<31 { #expect(inStorm.count { $0.repetition == repetition } == 2) }
    }

    @Test func whatNeverIsAlikeEndsAtTheMost() throws {
        let plan = try plan()
        let order = measured(plan) { $0.cell % 2 == 0 ? (100, 400) : (400, 100) }
        #expect(order.count == plan.order.count)
        #expect(order.count == 4 * plan.mostRepetitions)
    }

    @Test func whatTheUserCountsIsNotRepeated() throws {
        let plan = try plan("--benchmark_repetitions", "3")
        #expect(measured(plan) { _ in (100, 400) }.count == 4 * 3)
    }
}
