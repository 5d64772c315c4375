import BenchmarkRecords
import Foundation
import InvalidationStorm
import Testing

@testable import InvbenchCommand

extension EndToEndTests {
    /// What a shell completes.
    @Suite struct CompletionTests {
        private let command: InvbenchProcess

        init() throws { command = try InvbenchProcess() }

        @Test(arguments: ["bash", "zsh", "fish"])
        func aShellCompletesGuardsAndScenarios(shell: String) throws {
            let outcome = try command.run(["--generate-completion-script", shell])
            #expect(outcome.status == 0)
            #expect(outcome.errors.isEmpty)
            // Whole words: striped is not a part of something else.
            let words = Set(outcome.output.split { !($0.isLetter || $0.isNumber || $0 == "-") }.map(String.init))
            let names = GuardCatalogue.builtIn.map(\.name) + Scenario.builtIn.map(\.name)
            #expect(names.filter { !words.contains($0) } == [])
        }

        @Test func aBaselinesNameIsCompleted() throws {
            let results = command.folder.appendingPathComponent("results").path
            #expect(BaselinePlace.thisMachinesNames(in: results) == [])
            let row = """
                {"name": "BM_one", "run_type": "iteration", "iterations": 1, "real_time": 1, "cpu_time": 1, "time_unit": "ns"}
                """
            let context = "{\"machine_id\": \"\(MachineFacts().machineID)\"}"
            try command.write("{\"context\": \(context), \"benchmarks\": [\(row)]}", to: "a.json")
            #expect(try command.run(["baseline", "save", "main", "a.json"]).status == 0)
            #expect(BaselinePlace.thisMachinesNames(in: results) == ["main"])
        }
    }
}
