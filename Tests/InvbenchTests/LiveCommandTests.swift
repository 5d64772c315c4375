import BenchmarkRecords
import Foundation
import InvalidationStorm
import Testing

@testable import InvbenchCommand

extension EndToEndTests {
    @Suite struct LiveCommandTests {
        private let command: InvbenchProcess

        init() throws { command = try InvbenchProcess() }

        @Test func everyScenarioOfTheKernelIsMeasured() throws {
            let outcome = try command.run([
                "live", "--guard", "kernel", "--faulters", "1", "--window", "20ms", "--benchmark_repetitions=1",
                "--benchmark_format=json",
            ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let rows = try outcome.rows()
            let scenarios = rows.compactMap(\.cell?.scenario)
            #expect(Set(scenarios) == Set(KernelWork.allCases.map(\.rawValue)))
            for row in rows {
                #expect(row.cell?.kind == .live)
                #expect(row[.staleInstalls] == 0)
                #expect(row[.pageFaultsPerFault] ?? 0 > 0.999)
            }
            #expect(try command.savedRows() == rows)
        }

        @Test func aTableIsShown() throws {
            let outcome = try command.run([
                "live", "--scenario", "touch,touch-dontneed", "--faulters", "1", "--window", "5ms", "--no-save",
                "--benchmark_repetitions=7",
            ])
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("\ntouch-dontneed 1 + 1 "))
        }

        @Test(
            arguments: [
                (["--walk-ns", "5"], "--walk-ns"), (["--scenario", "storm"], "there is no scenario 'storm'"),
                (["--guard", "kernle"], "did you mean 'kernel'?"), (["--memory", "local"], "--memory"),
                (["--scenario", "touch-free", "--invalidators", "0"], "--invalidators"),
            ])
        func wrongUsageIsOneLineAndTwo(words: [String], text: String) throws {
            let outcome = try command.run(["live", "--no-save"] + words)
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains(text), "\(outcome.errors)")
        }
    }
}

@Suite struct LivePlanTests {
    private func plan(_ words: String...) throws -> RunPlan {
        try RunPlan(
            LiveOptions.parse(CommandLineWords.normalised(words)).ofRun(), catalogue: .live(), cores: 2)
    }

    @Test func theDefaultEndsWithinAMinute() throws {
        let plan = try plan()
        #expect(plan.expectedSeconds < 60)
        #expect(plan.cells.contains { $0.name == "live/kernel/touch/faulters:1/invalidators:0" })
        #expect(plan.cells.contains { $0.name == "live/kernel/touch/faulters:2/invalidators:0" })
        #expect(plan.cells.contains { $0.name == "live/kernel/cow-fork/faulters:1/invalidators:1" })
    }

    @Test func guardsMeetTheScenariosOfTheirMemoryOnly() throws {
        let cells = try plan("--benchmark_list_tests").cells
        #expect(!cells.isEmpty)
        #expect(cells.allSatisfy { $0.entry.memory == $0.scenario.memory })
        #expect(cells.allSatisfy { CellName($0.name)?.kind == .live })
    }

    @Test func theStormsScenariosAreNotNamedLive() throws {
        let catalogue = try CellCatalogue(builtInTraces: [])
        #expect(catalogue.scenarios.allSatisfy { $0.memory == .tables })
    }
}
