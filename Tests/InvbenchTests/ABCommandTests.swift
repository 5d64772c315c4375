import BenchmarkRecords
import Foundation
import Testing

@testable import InvbenchCommand

extension EndToEndTests {
    /// `invbench ab` as scripts use it.
    @Suite struct ABCommandTests {
        private let command: InvbenchProcess

        init() throws { command = try InvbenchProcess() }

        private func program(_ name: String, _ rate: Int, last: String = "exit 0") throws -> String {
            try StandInProgram(name, rate: rate, in: command, last: last).path
        }

        private func ab(_ words: String...) throws -> InvbenchProcess.Outcome { try command.run(["ab"] + words) }

        @Test(arguments: [(900_000, "regression", 1), (1_100_000, "improvement", 0), (1_000_000, "unchanged", 0)])
        func itMeasuresUntilTheVerdictIsClear(rate: Int, verdict: String, code: Int32) throws {
            let (base, new) = (try program("base", 1_000_000), try program("new", rate))
            let outcome = try ab(base, new, "--budget", "5m", "--format", "json", "--metric", "faults_per_second")
            #expect(outcome.status == code, "\(outcome.errors)")
            let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            let comparison = try #require((object?["comparisons"] as? [[String: Any]])?.first)
            #expect(comparison["verdict"] as? String == verdict)
            #expect(object?["method"] as? String == "pairs")
            // The first looks decide: nobody waits for the budget.
            #expect(try #require(comparison["base_repetitions"] as? Int) < 30)
        }

        @Test func whatIsOpenAtTheEndOfTheBudgetIsSaid() throws {
            let (base, new) = (try program("base", 1_000_000), try program("new", 1_021_000, last: "sleep 0.2"))
            let outcome = try ab(base, new, "--budget", "1s", "--metric", "faults_per_second")
            #expect(outcome.status == 4)
            #expect(outcome.errors.contains("the budget is spent"))
            #expect(outcome.output.contains("too few pairs to decide"))
        }

        @Test func bothGetTheSameFlagsAndOneSeedAPair() throws {
            let (base, new) = (try program("base", 1_000_000), try program("new", 500_000))
            let outcome = try ab(
                base, new, "--keep", "kept", "--metric", "faults_per_second", "--", "--guard", "kvm",
                "--benchmark_filter", "storm")
            #expect(outcome.status == 1, "\(outcome.errors)")
            func words(_ side: String, _ number: Int) throws -> String {
                try command.text(of: "kept/\(side)/\(number).json").split(separator: "\"seen\": ")[1].description
            }
            for number in [1, 2, 10] {
                #expect(
                    try words("base", number).split(separator: " --benchmark_out")[0]
                        == words("new", number).split(separator: " --benchmark_out")[0])
                #expect(try words("new", number).contains("--seed=\(number)"))
            }
            #expect(try words("base", 1).contains("run --guard kvm --benchmark_filter=^\(StandInProgram.cell)$ "))
            // What is kept is what `compare` reads.
            #expect(try command.run(["compare", "kept/base", "kept/new", "--metric", "faults_per_second"]).status == 1)
        }

        @Test func theOrderOfEachPairIsDrawn() throws {
            let (base, new) = (try program("base", 1_000_000), try program("new", 500_000))
            let words = ["ab", base, new, "--keep", "kept", "--metric", "faults_per_second"]
            #expect(try command.run(words).status == 1)
            func began(_ side: String, _ number: Int) throws -> Double {
                let path = command.folder.appendingPathComponent("kept/\(side)/\(number).json").path
                let row = try ResultsFile(reading: path).rows[0]
                return try #require(row.counters["began"])
            }
            let baseWasFirst = try (1...10).map { number in try began("base", number) < began("new", number) }
            #expect(Set(baseWasFirst) == [true, false])
        }

        @Test func nothingIsLeftBehind() throws {
            let (base, new) = (try program("base", 1_000_000), try program("new", 500_000))
            _ = try command.run(
                ["ab", base, new, "--metric", "faults_per_second"], environment: ["TMPDIR": command.folder.path])
            let names = try FileManager.default.contentsOfDirectory(atPath: command.folder.path).sorted()
            #expect(names == ["base", "new", "stderr", "stdout"])
        }

        @Test func aStaleTranslationIsTold() throws {
            let unsafe = try program("unsafe", 1_000_000, last: "echo 'kvm showed a stale one' >&2; exit 3")
            let outcome = try ab(try program("base", 1_000_000), unsafe)
            #expect(outcome.status == 3)
            #expect(outcome.errors.contains("kvm showed a stale one"))
        }

        @Test func aProgramThatFailsIsNamed() throws {
            let broken = try program("broken", 1, last: "echo 'no such guard' >&2; exit 2")
            let outcome = try ab(try program("base", 1_000_000), broken)
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("broken: cannot measure"))
            #expect(outcome.errors.contains("exit code 2: no such guard"))
        }

        @Test func whatAFailingProgramLeavesIsShown() throws {
            let fails = try program("fails", 1_000_000, last: "[[ $file != */5.json ]] || exit 2")
            let outcome = try ab(try program("base", 1_000_000), fails, "--metric", "faults_per_second")
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("fails: cannot measure"))
            #expect(outcome.output.contains("1 comparison of 1 benchmark"))
        }

        @Test(arguments: [
            ("kill -SEGV $$", "cannot measure", "ended by signal 11 (Segmentation fault)"),
            ("rm \"$0\"", "cannot start", "not found"),
        ])
        func whateverDiesWhatWasMeasuredIsShown(death: String, what: String, why: String) throws {
            let dies = try program("dies", 1_000_000, last: "[[ $file != */5.json ]] || \(death)")
            let outcome = try ab(try program("base", 1_000_000), dies, "--metric", "faults_per_second")
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("dies: \(what)") && outcome.errors.contains(why), "\(outcome.errors)")
            #expect(outcome.output.contains("1 comparison of 1 benchmark"))
        }

        @Test func whatIsKeptIsNotOverwritten() throws {
            let base = try program("base", 1_000_000)
            let words = ["ab", base, try program("new", 500_000), "--metric", "faults_per_second", "--keep", "kept"]
            #expect(try command.run(words).status == 1)
            let before = try command.text(of: "kept/base/1.json")
            let again = try command.run(words)
            #expect(again.status == 2)
            #expect(again.errors.contains("kept/base: is there already"))
            #expect(try command.text(of: "kept/base/1.json") == before)
        }

        @Test(arguments: [
            (["nothing-here", "other"], "nothing-here: neither a program nor a git revision"),
            (["plain", "plain"], "plain: not a program"),
            (["a", "b", "--", "--seed=3"], "--seed: set for each process"),
            (["a", "b", "--", "--benchmark_repetitions", "3"], "--benchmark_repetitions: set for each process"),
            (["a", "b", "--budget", "5"], "expected 1s to 24h"), (["a"], "new"),
        ])
        func wrongUsageIsExplained(words: [String], explanation: String) throws {
            try command.write("text", to: "plain")
            let outcome = try command.run(["ab"] + words)
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains(explanation), "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }

        @Test func anInterruptedComparisonShowsWhatItHas() async throws {
            let slow = try program("slow", 1_000_000, last: "sleep 0.1")
            try command.start(["ab", slow, slow, "--keep", "kept", "--metric", "faults_per_second"])
            let third = command.folder.appendingPathComponent("kept/new/3.json").path
            while !FileManager.default.fileExists(atPath: third) { try await Task.sleep(for: .milliseconds(5)) }
            command.signal(SIGTERM)
            let outcome = try command.wait()
            #expect(outcome.status == 143)
            #expect(outcome.errors.contains("ended by signal 15"))
            #expect(outcome.output.contains("1 comparison of 1 benchmark"))
        }

        @Test func anInterruptionEndsTheRunningProgram() async throws {
            let last = "[[ $file != */3.json ]] || { sleep 20; touch \"$0.went-on\"; }"
            let slow = try program("slow", 1_000_000, last: last)
            try command.start(["ab", slow, slow, "--keep", "kept", "--metric", "faults_per_second"])
            func exists(_ name: String) -> Bool {
                FileManager.default.fileExists(atPath: command.folder.appendingPathComponent(name).path)
            }
            while !exists("kept/base/3.json") && !exists("kept/new/3.json") {
                try await Task.sleep(for: .milliseconds(5))
            }
            command.signal(SIGINT)
            #expect(try command.wait().status == 130)
            #expect(!exists("slow.went-on"))
        }

        @Test func aRealProgramIsComparedWithItself() throws {
            let own = InvbenchProcess.executable
            let outcome = try ab(
                own, own, "--budget", "4s", "--threshold", "50%", "--metric", "faults_per_second", "--", "--guard",
                "stripe-mutex", "--scenario", "calm", "--faulters", "1", "--window", "2ms")
            // A debug build under load may not get enough pairs; what it says of them must not be a change.
            #expect([0, 4].contains(outcome.status), "\(outcome.output)\(outcome.errors)")
            #expect(outcome.output.contains("storm/stripe-mutex/calm/faulters:1/invalidators:0"))
        }
    }
}
