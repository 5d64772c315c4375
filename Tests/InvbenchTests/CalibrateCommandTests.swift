import BenchmarkRecords
import Foundation
import Testing

@testable import InvbenchCommand

extension EndToEndTests {
    /// `invbench calibrate` as people use it, and what `compare` makes of it.
    @Suite struct CalibrateCommandTests {
        private let command: InvbenchProcess
        private static let path = "results/m/noise.calibration"

        /// A member of an object if it is a number.
        private struct JSONNumber: Decodable {
            let value: Double?
            init(from decoder: any Decoder) throws {
                value = try? decoder.singleValueContainer().decode(Double.self)
            }
        }

        init() throws { command = try InvbenchProcess() }

        /// A run of nine repetitions of one cell.
        private func write(_ rate: Double, to name: String, machine: String = "m", commit: String = "c") throws {
            let rows = (0..<9).map { repetition in
                """
                {"name": "\(StandInProgram.cell)", "iterations": 1, "real_time": 1, "cpu_time": 1, "time_unit": "ns",
                 "faults_per_second": \(rate * (1 + 0.001 * Double(repetition)))}
                """
            }
            let context = #"{"machine_id": "\#(machine)", "commit": "\#(commit)"}"#
            try command.write(
                #"{"context": \#(context), "benchmarks": [\#(rows.joined(separator: ","))]}"#, to: name)
        }

        private func writeRuns() throws -> [String] {
            let names = (1...6).map { "run-\($0)" }
            for (index, name) in names.enumerated() { try write(index.isMultiple(of: 2) ? 1e6 : 1.1e6, to: name) }
            return names
        }

        @Test func compareTakesItsFloorFromIt() throws {
            let runs = try writeRuns()
            let compared = ["compare", "run-1", "run-2", "--metric", "faults_per_second"]
            try write(2e6, to: "fast")
            #expect(try command.run(compared + ["--fail-on", "any-change"]).status == 1)
            let outcome = try command.run(["calibrate", "--from"] + runs)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors == "calibration  \(Self.path)\n")
            #expect(outcome.output.contains(StandInProgram.cell))
            let calibrated = try command.run(compared + ["--fail-on", "any-change"])
            #expect(calibrated.status == 0)
            #expect(calibrated.output.contains("6 runs of one program"))
            #expect(try command.run(["compare", "fast", "run-1", "--metric", "faults_per_second"]).status == 1)
        }

        @Test func aDamagedCalibrationIsNamedAndKept() throws {
            let runs = try writeRuns()
            #expect(try command.run(["calibrate", "--from"] + runs).status == 0)
            let whole = try command.text(of: Self.path)
            try command.write(String(whole.dropLast(40)), to: Self.path)
            let damaged = try command.text(of: Self.path)
            for words in [["compare", "run-1", "run-2"], ["calibrate", "--from"] + runs] {
                let outcome = try command.run(words)
                #expect(outcome.status == 2)
                #expect(outcome.errors.hasPrefix("invbench: \(Self.path): line "), "\(outcome.errors)")
            }
            #expect(try command.text(of: Self.path) == damaged)
        }

        @Test func runsOfDifferentProgramsOrMachinesAreRefused() throws {
            let runs = try writeRuns()
            try write(1e6, to: "young", commit: "d")
            try write(1e6, to: "elsewhere", machine: "n")
            #expect(try command.run(["calibrate", "--from", "young"] + runs).errors.contains("of the commits c, d"))
            #expect(
                try command.run(["calibrate", "--from", "elsewhere"] + runs).errors.contains("different machines: m, n")
            )
            #expect(try command.run(["calibrate", "--from", "run-1", "run-2"]).errors.contains("no cell has 5 runs"))
            #expect(try command.run(["calibrate", "--runs", "3"]).errors.contains("expected a whole number from 5"))
            #expect(
                try command.run(["calibrate", "--from", "run-1", "--runs", "5"]).errors.contains("leave out --runs"))
            #expect(!FileManager.default.fileExists(atPath: command.folder.appendingPathComponent(Self.path).path))
        }

        @Test func anUnwritableFolderIsTold() throws {
            let runs = try writeRuns()
            try command.write("a file", to: "results")
            let outcome = try command.run(["calibrate", "--from"] + runs)
            #expect(outcome.status == 5)
            #expect(outcome.errors.contains("\(Self.path): cannot create the folder"))
        }

        @Test func itMakesRunsOfItsOwnAndLaterOnesKnow() throws {
            let flags = [
                "--guard", "stripe-mutex,striped", "--scenario", "calm", "--faulters", "1", "--window", "1ms",
                "--benchmark_repetitions", "6",
            ]
            let outcome = try command.run(["calibrate", "--runs", "5", "--"] + flags)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("storm/stripe-mutex/calm/faulters:1/invalidators:0"))
            #expect(outcome.output.contains("in the place of 2.00 %"))
            #expect(outcome.errors.contains("run 5 of 5"))
            let path = try #require(
                outcome.errors.split(separator: "\n").last?.split(separator: " ").last.map(String.init))
            let calibration = try JSONDecoder().decode(
                [String: JSONNumber].self, from: Data(try command.text(of: path).utf8))
            func betweenRuns(_ more: [String] = []) throws -> Double {
                let run = try command.run(flags + ["--no-save", "--benchmark_out=run.json"] + more)
                #expect(run.status == 0, "\(run.errors)")
                let file = try ResultsFile(reading: command.folder.appendingPathComponent("run.json").path)
                return try #require(file.context["between_runs"].flatMap(Double.init))
            }
            #expect(try betweenRuns() == calibration["between_runs"]?.value)
            #expect(try betweenRuns(["--results", "elsewhere"]) == 0.02)
            try command.write("{", to: path)
            let damaged = try command.run(flags)
            #expect(damaged.status == 2 && damaged.errors.hasPrefix("invbench: \(path): line 1"), "\(damaged.errors)")
        }
    }
}
