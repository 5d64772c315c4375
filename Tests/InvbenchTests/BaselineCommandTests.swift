import BenchmarkRecords
import Foundation
import Testing

@testable import InvbenchCommand

extension EndToEndTests {
    /// `invbench baseline` and `compare baseline:<name>` as scripts use them.
    @Suite struct BaselineCommandTests {
        private let command: InvbenchProcess

        init() throws { command = try InvbenchProcess() }

        /// A results file with nine repetitions of one cell, around a rate.
        private func file(_ rate: Double, machine: String = "m", context: String = "") -> String {
            let rows = (0..<9).map { index in
                """
                {"name": "storm/kvm/calm/faulters:1/invalidators:0", "run_type": "iteration", "iterations": 1,
                 "real_time": 1, "cpu_time": 1, "time_unit": "ns",
                 "faults_per_second": \(rate * (1 + 0.001 * Double(index)))}
                """
            }
            return """
                {"context": {"machine_id": "\(machine)"\(context)}, "benchmarks": [\(rows.joined(separator: ","))]}
                """
        }

        private func baseline(_ words: String...) throws -> InvbenchProcess.Outcome {
            try command.run(["baseline"] + words)
        }

        private func save(_ name: String, _ text: String) throws {
            try command.write(text, to: "\(name).json")
            let outcome = try baseline("save", name, "\(name).json")
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        }

        private func contents(_ folder: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: command.folder.path + "/" + folder).sorted()
        }

        @Test func aBaselineIsKeptShownComparedAndRemoved() throws {
            try save("main", file(1e6, context: ", \"commit\": \"abc1234\""))
            #expect(try contents("results/m") == ["main.baseline"])
            let list = try baseline("list", "--machine", "m")
            #expect(list.output.contains("main  2") && list.output.contains("  abc1234  1      9            1\n"))
            let show = try baseline("show", "main", "--machine", "m")
            #expect(show.output.contains("commit") && show.output.contains("abc1234"))
            #expect(
                show.output.contains("9  1.00M") && show.output.contains("storm/kvm/calm/faulters:1/invalidators:0\n"))

            try command.write(file(0.9e6), to: "new.json")
            let words = ["new.json", "--metric", "faults_per_second", "--format", "csv"]
            let kept = try command.run(["compare", "baseline:main"] + words)
            #expect(kept.status == 1)
            #expect(try kept.output == command.run(["compare", "main.json"] + words).output)
            #expect(try baseline("delete", "main", "--machine", "m").status == 0)
            #expect(try contents("results/m").isEmpty)
        }

        @Test func bothSidesMayBeBaselinesOfThisMachine() throws {
            let machine = MachineFacts().machineID
            try save("a", file(1e6, machine: machine))
            try save("b", file(1.1e6, machine: machine))
            let outcome = try command.run(["compare", "baseline:a", "baseline:b", "--fail-on", "any-change"])
            #expect(outcome.status == 1)
            #expect(outcome.output.contains("base baseline:a") && outcome.output.contains("1 improvement"))
        }

        @Test func theResultsFolderCanBeChosen() throws {
            try command.write(file(1e6), to: "a.json")
            #expect(try baseline("save", "main", "a.json", "--results", "elsewhere").status == 0)
            #expect(try contents("elsewhere/m") == ["main.baseline"])
            let words = ["a.json", "--metric", "faults_per_second"]
            #expect(try command.run(["compare", "baseline:main"] + words).status == 2)
            #expect(try command.run(["compare", "baseline:main", "--results", "elsewhere"] + words).status == 0)
        }

        @Test func withoutAFileTheNewestOfTheMachineIsTaken() throws {
            try FileManager.default.createDirectory(
                at: command.folder.appendingPathComponent("results/m"), withIntermediateDirectories: true)
            for name in ["2026-01-02T00-00-00Z-b", "2026-01-03T00-00-00Z-a", "2025-12-31T00-00-00Z-c", "zoo"] {
                try command.write(file(1e6), to: "results/m/\(name).json")
            }
            let outcome = try baseline("save", "main", "--machine", "m")
            #expect(outcome.status == 0)
            #expect(
                outcome.output == "results/m/main.baseline: results/m/2026-01-03T00-00-00Z-a.json, 9 repetitions of 1 "
                    + "benchmark\n")
        }

        @Test func anExistingNameIsReplacedOnlyOnRequest() throws {
            try save("main", file(1e6))
            let before = try command.text(of: "results/m/main.baseline")
            try command.write(file(2e6), to: "b.json")
            let refused = try baseline("save", "main", "b.json")
            #expect(refused.status == 2 && refused.errors.contains("--replace"))
            #expect(try command.text(of: "results/m/main.baseline") == before)
            #expect(try baseline("save", "main", "b.json", "--replace").status == 0)
            #expect(try command.text(of: "results/m/main.baseline").contains("2000000.0"))
        }

        @Test(
            .disabled(
                if: InvbenchProcess.isThreadSanitized,
                "ThreadSanitizer keeps its shadow memory in files, which the limit that plays the full disk forbids"))
        func whatCannotBeWrittenLeavesTheOldOneWhole() throws {
            try save("main", file(1e6))
            let before = try command.text(of: "results/m/main.baseline")
            let large = file(2e6, context: ", \"note\": \"\(String(repeating: "x", count: 20_000))\"")
            try command.write(large, to: "large.json")
            let outcome = try command.run(["baseline", "save", "main", "large.json", "--replace"], limit: 8)
            #expect(outcome.status == 5)
            #expect(outcome.output.isEmpty && outcome.errors.split(separator: "\n").count == 1)
            #expect(outcome.errors.contains("results/m/main.baseline: only 8192 of "))
            #expect(try command.text(of: "results/m/main.baseline") == before)
            #expect(try contents("results/m") == ["main.baseline"])
        }

        @Test func aDamagedOneIsNamedAndTheOthersAreShown() throws {
            try save("good", file(1e6))
            try command.write("{\"invbench_baseline\": 1,", to: "results/m/cut.baseline")
            try command.write("{\"invbench_baseline\": 2}", to: "results/m/newer.baseline")
            let list = try baseline("list", "--machine", "m")
            #expect(list.status == 0)
            #expect(list.output.split(separator: "\n").count == 2 && list.output.contains("good"))
            #expect(list.errors.contains("cut.baseline: line 1, column 25: "))
            #expect(list.errors.contains("newer.baseline: invbench_baseline: written by a newer invbench"))
            for words in [["baseline", "show", "cut", "--machine", "m"], ["compare", "baseline:cut", "good.json"]] {
                let outcome = try command.run(words)
                #expect(outcome.status == 2 && outcome.output.isEmpty)
                #expect(
                    outcome.errors == "invbench: results/m/cut.baseline: line 1, column 25: a key in quotes is due\n")
            }
            #expect(try contents("results/m") == ["cut.baseline", "good.baseline", "newer.baseline"])
        }

        @Test func whatIsNoTextIsShownAsSuch() throws {
            let odd = file(1e6, context: ", \"commit\": \"a\\u001b[2Jb\"").replacing("kvm", with: "k\\nvm")
            try save("main", odd)
            let show = try baseline("show", "main", "--machine", "m")
            #expect(show.output.contains("a\u{FFFD}[2Jb\n") && show.output.contains("storm/k\u{FFFD}vm/calm"))
            #expect(try baseline("list", "--machine", "m").output.contains("a\u{FFFD}[2Jb"))
        }

        @Test func debugBuildsAndDirtyTreesAreKeptWithAWarning() throws {
            try command.write(
                file(1e6, context: ", \"build_type\": \"debug\", \"tree_dirty\": \"true\""), to: "a.json")
            let outcome = try baseline("save", "main", "a.json")
            #expect(outcome.status == 0)
            #expect(outcome.errors.split(separator: "\n").count { $0.hasPrefix("invbench: warning: ") } == 2)
            #expect(try contents("results/m") == ["main.baseline"])
        }

        @Test(arguments: [
            (["save", "../x", "a.json"], "'../x' is no baseline's name"),
            (["save", ".x", "a.json"], "'.x' is no baseline's name"),
            (["save", "x", "a.json", "b.json"], "different machines: m, other"),
            (["save", "x", "a.json", "--machine", "other"], "--machine other: the files were measured on m"),
            (["save", "x", "a.json", "a.json"], "named twice"),
            (["save", "x", "escape.json"], "'../../up\u{FFFD}\u{FFFD}' is no machine's id"),
            (["save", "x", "cut.json"], "cut.json: line 3, column "),
            (["save", "x", "nowhere.json"], "nowhere.json: cannot read"),
            (["save", "x"], "no results file in results/"),
            (["show", "maim", "--machine", "m"], "no baseline 'maim' in results/m; did you mean main?"),
            (["delete", "other", "--machine", "m"], "no baseline 'other' in results/m; there is main"),
            (["show", "main", "--machine", "n"], "no baseline 'main' in results/n; 'invbench baseline save'"),
            (["list", "--machine", "a/b"], "'a/b' is no machine's id"),
        ])
        func whatCannotBeDoneIsSaidInALine(words: [String], message: String) throws {
            try save("main", file(1e6))
            try command.write(file(1e6), to: "a.json")
            try command.write(file(1e6, machine: "other"), to: "b.json")
            try command.write(file(1e6, machine: "../../up\\n\\u001b"), to: "escape.json")
            try command.write(String(file(1e6).prefix(300)), to: "cut.json")
            let outcome = try command.run(["baseline"] + words)
            #expect(outcome.status == 2)
            #expect(outcome.output.isEmpty && outcome.errors.split(separator: "\n").count == 1)
            #expect(outcome.errors.contains(message), "\(outcome.errors)")
            #expect(try contents("results/m") == ["main.baseline"])
        }

        @Test func anUnknownBaselineOfAComparisonIsNamed() throws {
            try save("main", file(1e6))
            let outcome = try command.run(["compare", "baseline:maim", "main.json"])
            #expect(outcome.status == 2)
            #expect(outcome.errors == "invbench: no baseline 'maim' in results/m; did you mean main?\n")
        }

        @Test func aMachineWithoutBaselinesHasAnEmptyList() throws {
            let outcome = try baseline("list", "--machine", "m")
            #expect(outcome.status == 0)
            #expect(outcome.output == "no baseline in results/m; 'invbench baseline save' keeps one\n")
            #expect(outcome.errors.isEmpty)
        }
    }
}
