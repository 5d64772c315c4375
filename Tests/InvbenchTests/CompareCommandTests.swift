import Foundation
import Testing

@testable import InvbenchCommand

extension EndToEndTests {
    /// `invbench compare` as scripts use it.
    @Suite struct CompareCommandTests {
        private let command: InvbenchProcess

        init() throws { command = try InvbenchProcess() }

        /// A results file with a repetition for each rate, of one cell.
        private func file(_ rates: [Double], machine: String = "m", context: String = "") -> String {
            let rows = rates.map { rate in
                """
                {"name": "storm/kvm/storm/faulters:1/invalidators:1", "run_type": "iteration", "iterations": 1,
                 "real_time": \(1e9 / rate), "cpu_time": 1, "time_unit": "ns", "faults_per_second": \(rate)}
                """
            }
            return """
                {"context": {"machine_id": "\(machine)"\(context)}, "benchmarks": [\(rows.joined(separator: ","))]}
                """
        }

        private func nine(_ rate: Double) -> [Double] { (0..<9).map { rate * (1 + 0.001 * Double($0)) } }

        private func compare(_ words: String...) throws -> InvbenchProcess.Outcome {
            try command.run(["compare"] + words)
        }

        @Test(arguments: [
            ("base", "slow", "regression", 1), ("base", "slow", "never", 0), ("base", "fast", "regression", 0),
            ("base", "fast", "any-change", 1), ("base", "base", "inconclusive", 0), ("base", "few", "regression", 4),
            ("base", "few", "never", 0), ("base", "wide", "regression", 0), ("base", "wide", "inconclusive", 4),
            ("wide", "base", "regression", 4), ("base", "wide", "any-change", 4), ("wide", "base", "never", 0),
        ])
        func theExitCodeSaysWhatWasFound(base: String, new: String, failOn: String, code: Int32) throws {
            try command.write(file(nine(1e6)), to: "base")
            try command.write(file(nine(0.9e6)), to: "slow")
            try command.write(file(nine(1.1e6)), to: "fast")
            try command.write(file([1e6, 2e6]), to: "few")
            try command.write(file(nine(1.033e6)), to: "wide")
            let outcome = try compare(base, new, "--metric", "faults_per_second", "--fail-on", failOn)
            #expect(outcome.status == code, "\(outcome.output)\(outcome.errors)")
            #expect(outcome.output.contains("1 comparison of 1 benchmark"))
        }

        /// Nine repetitions of a benchmark of another program; `words` stand behind each.
        private func foreign(_ name: String, _ time: Double, _ words: String = "") -> String {
            (0..<9).map { index in
                """
                {"name": "\(name)", "run_type": "iteration", "iterations": 1, "time_unit": "ns",
                 "real_time": \(time * (1 + 0.001 * Double(index))), "cpu_time": 1\(words)}
                """
            }
            .joined(separator: ",")
        }

        @Test func benchmarksWithoutATimeAreNamedAndNotCompared() throws {
            let rows = [
                foreign("BM_fine", 100), foreign("BM_zero", 0), foreign("BM_bad", 0, #", "error_occurred": true"#),
                foreign("BM_out", 0, #", "skipped": true, "skip_message": "no device""#),
            ]
            try command.write("{\"context\": {}, \"benchmarks\": [\(rows.joined(separator: ","))]}", to: "some.json")
            let some = try compare("some.json", "some.json", "--format", "json")
            #expect(some.status == 0, "\(some.errors)")
            let object = try JSONSerialization.jsonObject(with: Data(some.output.utf8)) as? [String: Any]
            #expect((object?["comparisons"] as? [[String: Any]])?.map { $0["name"] as? String } == ["BM_fine"])
            #expect(object?["incomplete"] as? [String] == ["BM_zero real_time"])
            let absent =
                "repetitions that count as absent, ended by an error of their own: BM_bad (9); skipped by the benchmark: "
                + "BM_out (9); with a time of 0 or below: BM_zero (9)"
            let warnings = object?["warnings"] as? [String] ?? []
            #expect(warnings.contains("in the base \(absent)") && warnings.contains("in the new \(absent)"))
            let saved = try command.run(["baseline", "save", "some", "some.json", "--machine", "m"])
            #expect(saved.status == 0 && saved.errors == "invbench: warning: \(absent)\n")

            try command.write("{\"context\": {}, \"benchmarks\": [\(rows[1])]}", to: "zero.json")
            let zero = try compare("zero.json", "zero.json")
            #expect(zero.status == 2)
            #expect(zero.errors.contains("lacks BM_zero real_time; repetitions that count as absent, with a time of"))
            try command.write("{\"context\": {}, \"benchmarks\": [\(rows[3])]}", to: "out.json")
            let out = try compare("out.json", "out.json")
            #expect(
                out.status == 2
                    && out.errors.contains("no repetition in it; repetitions that count as absent, skipped by the"))
        }

        @Test func historyNamesRepetitionsWithoutATime() throws {
            let rows = [foreign("BM_fine", 100), foreign("BM_zero", 0)].joined(separator: ",")
            try FileManager.default.createDirectory(
                at: command.folder.appendingPathComponent("runs/m"), withIntermediateDirectories: true)
            let context = "{\"date\": \"2025-01-02T03:04:05Z\"}"
            try command.write("{\"context\": \(context), \"benchmarks\": [\(rows)]}", to: "runs/m/a.json")
            let outcome = try command.run(["history", "--results", "runs", "--machine", "m"])
            #expect(outcome.errors.contains("m/a.json: repetitions that count as absent, with a time of 0 or below"))
        }

        @Test func tooFewRepetitionsAreSaidFirst() throws {
            try command.write(file([1e6, 1.1e6, 1.2e6]), to: "few")
            try command.write(file([2e6, 2.1e6, 2.2e6]), to: "fast")
            let outcome = try compare("few", "fast", "--metric", "faults_per_second,real_time")
            #expect(outcome.status == 4)
            let words = outcome.output.replacing("\n", with: " ")
            #expect(words.contains("2 comparisons of 1 benchmark. too few repetitions to decide 2 comparisons"))
            // Of five, 2 / C(10, 5) = 0.0079, twice by Holm.
            #expect(words.contains("take 6 on each side (--benchmark_repetitions=6)") && words.contains("invbench ab"))
        }

        @Test func aFolderIsTheUnionOfItsFiles() throws {
            for (folder, rate) in [("old/deep", 1e6), ("new", 0.9e6)] {
                try FileManager.default.createDirectory(
                    at: command.folder.appendingPathComponent(folder), withIntermediateDirectories: true)
                for (index, value) in nine(rate).enumerated() {
                    try command.write(file([value]), to: "\(folder)/\(index).json")
                }
            }
            try command.write("not results", to: "old/notes.txt")
            let outcome = try compare("old", "new", "--format", "json", "--metric", "real_time")
            #expect(outcome.status == 1)
            let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            let comparison = try #require((object?["comparisons"] as? [[String: Any]])?.first)
            #expect(comparison["base_repetitions"] as? Int == 9 && comparison["new_repetitions"] as? Int == 9)
            #expect(comparison["verdict"] as? String == "regression")
        }

        @Test func otherMachinesAreRefusedUnlessAskedFor() throws {
            try command.write(file(nine(1e6), machine: "here"), to: "a.json")
            try command.write(file(nine(1e6), machine: "there", context: ", \"kernel\": \"6\""), to: "b.json")
            let refused = try compare("a.json", "b.json", "--metric", "real_time")
            #expect(refused.status == 2)
            #expect(refused.output.isEmpty)
            #expect(refused.errors.contains("here, there") && refused.errors.contains("--across-machines"))
        }

        private func fileOfHost(_ host: String) -> String { file(nine(1e6), context: ", \"host_id\": \"\(host)\"") }

        @Test func hostsOfOneKindAreNotComparedByAccident() throws {
            try command.write(fileOfHost("node1"), to: "a.json")
            try command.write(fileOfHost("node2"), to: "b.json")
            let refused = try compare("a.json", "b.json", "--metric", "real_time")
            #expect(refused.status == 2 && refused.output.isEmpty)
            #expect(refused.errors.contains("m (host node1), m (host node2)"), "\(refused.errors)")
            let allowed = try compare("a.json", "b.json", "--metric", "real_time", "--across-machines")
            #expect(allowed.status == 0, "\(allowed.errors)")
            #expect(allowed.output.contains("base a.json, m (host node1)\nnew  b.json, m (host node2)\n"))
        }

        @Test func aFileWithoutAHostGoesWithAnyOfItsMachine() throws {
            try command.write(file(nine(1e6)), to: "old.json")
            try command.write(fileOfHost("node1"), to: "a.json")
            for sides in [("old.json", "a.json"), ("a.json", "old.json")] {
                let outcome = try compare(sides.0, sides.1, "--metric", "real_time")
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(!outcome.output.contains("host"), "\(outcome.output)")
            }
        }

        @Test func otherMachinesAreComparedWithAWarning() throws {
            try command.write(file(nine(1e6), machine: "here"), to: "a.json")
            try command.write(file(nine(1e6), machine: "there", context: ", \"kernel\": \"6\""), to: "b.json")
            let allowed = try compare("a.json", "b.json", "--metric", "real_time", "--across-machines")
            #expect(allowed.status == 0)
            #expect(allowed.output.contains("warning: kernel differs"))
        }

        @Test(arguments: [
            ["good.json", "cut.json"], ["good.json", "nan.json"], ["good.json", "nowhere.json"],
            ["good.json", "empty.json"], ["aggregates.json", "good.json"], ["good.json", "hollow"],
            ["good.json", "other.json"], ["good.json"], ["damaged", "good.json"],
            ["good.json", "good.json", "--metric", "bogus"],
            ["good.json", "good.json", "--metric", "steal_percent"],
            ["good.json", "good.json", "--metric", "fault_max_ns"],
            ["good.json", "good.json", "--alpha", "0"], ["good.json", "good.json", "--threshold", "3"],
            ["good.json", "good.json", "--format", "xml"],
        ])
        func whatCannotBeComparedIsNamed(words: [String]) throws {
            try command.write(file(nine(1e6)), to: "good.json")
            try command.write(String(file(nine(1e6)).prefix(300)), to: "cut.json")
            try command.write(file(nine(1e6)).replacing("1000000.0", with: "NaN"), to: "nan.json")
            try command.write("", to: "empty.json")
            try command.write(
                file([1]).replacing("\"iteration\"", with: "\"aggregate\", \"aggregate_name\": \"median\""),
                to: "aggregates.json")
            try command.write(file(nine(1e6)).replacing("kvm", with: "mutex"), to: "other.json")
            try FileManager.default.createDirectory(
                at: command.folder.appendingPathComponent("hollow"), withIntermediateDirectories: true)
            try FileManager.default.createDirectory(
                at: command.folder.appendingPathComponent("damaged"), withIntermediateDirectories: true)
            try command.write(file(nine(1e6)), to: "damaged/a.json")
            try command.write("{\"context\": {}, \"benchmarks\": [7]}", to: "damaged/b.json")
            let outcome = try command.run(["compare"] + words)
            #expect(outcome.status == 2)
            #expect(outcome.output.isEmpty)
            let named = words.first { $0 != "good.json" && !$0.hasPrefix("--") }
            #expect(named.map { outcome.errors.contains($0) } ?? outcome.errors.contains("<new>"), "\(outcome.errors)")
        }

        @Test func aFullDeviceEndsWithFive() throws {
            try command.write(file(nine(1e6)), to: "a.json")
            let shell = Process()
            shell.executableURL = URL(fileURLWithPath: "/bin/bash")
            shell.currentDirectoryURL = command.folder
            shell.arguments = [
                "-c", "exec \"$0\" compare a.json a.json --metric real_time >/dev/full 2>/dev/null",
                InvbenchProcess.executable,
            ]
            try shell.run()
            shell.waitUntilExit()
            #expect(shell.terminationStatus == 5)
        }
    }
}
