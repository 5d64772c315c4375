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
        func aShellAsksForGuardsAndScenarios(shell: String) throws {
            let outcome = try command.run(["--generate-completion-script", shell])
            #expect(outcome.status == 0)
            #expect(outcome.errors.isEmpty)
            for flag in ["--guard", "--scenario"] { #expect(outcome.output.contains("---completion run -- \(flag)")) }
        }

        @Test func whatAShellAsksForIsAnswered() throws {
            // Of the words, the third one is completed, at its end.
            let question = ["---completion", "run", "--", "--guard", "3", "4", "invbench", "run", "--guard", "rang"]
            let outcome = try command.run(question)
            #expect(outcome.status == 0)
            #expect(outcome.output.split(separator: "\n").map(String.init) == GuardCatalogue.builtIn.map(\.name))
        }

        @Test func aListIsCompletedBehindItsLastComma() {
            #expect(ChoiceFlags.completions(of: "", from: ["one", "two"]) == ["one", "two"])
            #expect(ChoiceFlags.completions(of: "on", from: ["one", "two"]) == ["one", "two"])
            #expect(ChoiceFlags.completions(of: "one,two,t", from: ["one", "two"]) == ["one,two,one", "one,two,two"])
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
