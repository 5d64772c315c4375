import Foundation
import Testing

@testable import InvbenchCommand

extension EndToEndTests {
    /// `invbench history` as scripts use it.
    @Suite struct HistoryCommandTests {
        private let command: InvbenchProcess

        init() throws { command = try InvbenchProcess() }

        /// A results file with one repetition of each guard.
        private func file(
            day: Int, commit: String, host: String? = nil, rates: [(guardName: String, rate: Double)]
        ) -> String {
            let rows = rates.map { guardName, rate in
                """
                {"name": "storm/\(guardName)/storm/faulters:1/invalidators:1", "run_type": "iteration",
                 "iterations": 1, "real_time": 1, "cpu_time": 1, "time_unit": "ns", "faults_per_second": \(rate)}
                """
            }
            let host = host.map { ", \"host_id\": \"\($0)\"" } ?? ""
            return """
                {"context": {"date": "\(date(day))T10:00:00+00:00", "commit": "\(commit)", "tree_dirty": "false"\(host)},
                 "benchmarks": [\(rows.joined(separator: ","))]}
                """
        }

        private func date(_ day: Int) -> String { String(format: "2026-11-%02d", day) }

        /// Twelve days with a commit each; from the seventh on the first guard is slower, and from the ninth on the
        /// second one faster.
        private func writeRuns(machine: String = "m") throws {
            let folder = command.folder.appendingPathComponent("results/\(machine)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for day in 1...12 {
                let little = 1 + 0.001 * Double(day % 3)
                let rates = [("kvm", (day < 7 ? 1e6 : 0.8e6) * little), ("mutex", (day < 9 ? 1e6 : 2e6) * little)]
                let commit = String(format: "%02dabcde", day)
                try command.write(
                    file(day: day, commit: commit, rates: rates), to: "results/\(machine)/run-\(day).json")
            }
        }

        private func history(_ words: [String] = []) throws -> InvbenchProcess.Outcome {
            let machine = words.contains("--machine") ? [] : ["--machine", "m"]
            return try command.run(["history"] + machine + words)
        }

        private func changes(_ outcome: InvbenchProcess.Outcome) throws -> [[String: Any]] {
            let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            return try #require(object?["change_points"] as? [[String: Any]])
        }

        @Test func changesAreReportedWithTheirCommits() throws {
            try writeRuns()
            let outcome = try history()
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.isEmpty)
            let lines = outcome.output.split(separator: "\n").map(String.init)
            #expect(
                lines.first
                    == "results/m: 12 runs from 2026-11-01 to 2026-11-12, 2 cells, 2 series, 2 change points: 1 worse, "
                    + "1 better."
            )
            let begins = lines.filter { $0.hasPrefix("2026-") }
            #expect(
                begins == [
                    "2026-11-09T10:00:00Z commit 09abcde, run-9.json",
                    "2026-11-07T10:00:00Z commit 07abcde, run-7.json",
                ])
        }

        /// Two hosts of one kind in turn, one half as fast, from the third day on; before that nobody named hosts.
        private func writeRunsOfTwoHosts() throws {
            let folder = command.folder.appendingPathComponent("results/m")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for day in 1...12 {
                let host = day < 3 ? nil : day.isMultiple(of: 2) ? "node2" : "node1"
                let rate = host == "node2" ? 0.5e6 : 1e6
                try command.write(
                    file(day: day, commit: "abcdef\(day)", host: host, rates: [("kvm", rate)]),
                    to: "results/m/run-\(day).json")
            }
        }

        @Test func hostsOfOneKindHaveHistoriesOfTheirOwn() throws {
            try writeRunsOfTwoHosts()
            let refused = try history()
            #expect(refused.status == 2 && refused.output.isEmpty)
            #expect(refused.errors.contains("several hosts of one kind: node1, node2"), "\(refused.errors)")
            for (words, runs) in [(["--host", "node1"], 7), (["--host", "node2"], 7), (["--across-hosts"], 12)] {
                let outcome = try history(words)
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(outcome.output.hasPrefix("results/m: \(runs) runs"), "\(outcome.output)")
            }
            for words in [["--host", "node3"], ["--host", "node1", "--across-hosts"]] {
                let outcome = try history(words)
                #expect(outcome.status == 2 && outcome.output.isEmpty && outcome.errors.contains("--host"), "\(words)")
            }
        }

        @Test func anotherHostIsSaidAtAChange() throws {
            let folder = command.folder.appendingPathComponent("results/m")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for day in 1...12 {
                let rates = [("kvm", (day < 7 ? 1e6 : 0.8e6) * (1 + 0.001 * Double(day % 3)))]
                try command.write(
                    file(day: day, commit: "abcdef0", host: day < 7 ? "node1" : "node2", rates: rates),
                    to: "results/m/run-\(day).json")
            }
            let outcome = try history(["--across-hosts"])
            #expect(outcome.output.contains("host_id") && outcome.output.contains("node2"), "\(outcome.output)")
        }

        @Test func jsonIsForPrograms() throws {
            try writeRuns()
            let found = try changes(try history(["--format", "json"]))
            #expect(found.map { ($0["run"] as? [String: Any])?["commit"] as? String } == ["09abcde", "07abcde"])
            #expect(found.map { $0["change"] as? String } == ["better", "worse"])
            #expect(found.map { $0["runs_after"] as? Int } == [4, 6])
        }

        @Test(arguments: [
            (["--cell", "mutex"], ["mutex"]), (["--cell", "-mutex"], ["kvm"]), (["--cell", "/(kvm|x)/"], ["kvm"]),
            (["--metric", "real_time"], []), (["--threshold", "30%"], ["mutex"]),
            (["--since", "2026-11-04"], ["mutex"]),
            (["--since", "03abcde"], ["mutex", "kvm"]), (["--since", "03ab"], ["mutex", "kvm"]),
            (["--since", "03abcdef0123456789"], ["mutex", "kvm"]), (["--since", "2026-11-03T10:00:01Z"], ["mutex"]),
            (["--since", "2026-11-03T10:00:00Z"], ["mutex", "kvm"]), (["--since", "2026-11-08"], []),
        ])
        func choicesLimitWhatIsLookedAt(words: [String], guards: [String]) throws {
            try writeRuns()
            let outcome = try history(["--format", "json"] + words)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let names = try changes(outcome).compactMap { $0["name"] as? String }
            #expect(names.map { $0.split(separator: "/").map(String.init)[1] } == guards)
        }

        @Test func damagedFilesAreNamedAndKept() throws {
            try writeRuns()
            try command.write("{\"context\": {}, \"benchmarks\": [\n", to: "results/m/cut.json")
            try command.write("", to: "results/m/empty.json")
            try command.write("a baseline", to: "results/m/main.baseline")
            let outcome = try history()
            #expect(outcome.status == 0)
            let errors = outcome.errors.split(separator: "\n")
            #expect(errors.count == 2)
            #expect(
                errors.first
                    == "invbench: results/m/cut.json: line 2, column 1: the text ends where a value is due; left out"
            )
            #expect(outcome.output.hasPrefix("results/m: 12 runs "))
            #expect(outcome.output.contains("left out: 2 unreadable files"))
            #expect(try command.text(of: "results/m/cut.json").hasPrefix("{\"context\""))
        }

        @Test func anotherMachineIsNamed() throws {
            try writeRuns(machine: "there")
            let outcome = try history()
            #expect(outcome.status == 2)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.contains("no runs of m; there are runs of there: choose one with --machine"))
        }

        @Test func withoutAChoiceItIsThisMachine() throws {
            try writeRuns(machine: "there")
            let outcome = try command.run(["history"])
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("this machine, ") && outcome.errors.contains("there are runs of there"))
        }

        @Test(arguments: [
            (["--cell", "["], "--cell: '['"), (["--cell", "nothing"], "--cell: 'nothing' matches no cell"),
            (["--since", "yesterday"], "--since yesterday: expected a date"),
            (["--since", "fffff"], "--since fffff: no run is of such a commit"),
            (
                ["--since", "2027-01-01"],
                "--since 2027-01-01: no run since then; the last one is of 2026-11-12T10:00:00Z"
            ),
            (["--metric", "bogus"], "--metric bogus: unknown"),
            (["--metric", "steal_percent"], "--metric steal_percent"),
            (["--metric", "fault_p50_ns"], "--metric: no cell of these runs has fault_p50_ns"),
            (["--threshold", "3"], "--threshold"), (["--format", "xml"], "--format"),
            (["--results", "nowhere"], "nowhere: no folder of results that can be read"),
            (["--machine", "hollow"], "results/hollow: no .json"),
            (["--machine", "damaged"], "results/damaged: none of its results files can be read"),
            (["--machine", "../results/m"], "no runs of ../results/m"), (["x.json"], "x.json"),
        ])
        func wrongUsageEndsWithTwo(words: [String], message: String) throws {
            try writeRuns()
            for folder in ["hollow", "damaged"] {
                try FileManager.default.createDirectory(
                    at: command.folder.appendingPathComponent("results/\(folder)"), withIntermediateDirectories: true)
            }
            try command.write("[]", to: "results/damaged/a.json")
            let outcome = try history(words)
            #expect(outcome.status == 2)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.contains(message), "\(outcome.errors)")
        }

        @Test func aFullDeviceEndsWithFive() throws {
            try writeRuns()
            let shell = Process()
            shell.executableURL = URL(fileURLWithPath: "/bin/bash")
            shell.currentDirectoryURL = command.folder
            shell.arguments = [
                "-c", "exec \"$0\" history --machine m >/dev/full 2>/dev/null", InvbenchProcess.executable,
            ]
            try shell.run()
            shell.waitUntilExit()
            #expect(shell.terminationStatus == 5)
        }
    }
}
