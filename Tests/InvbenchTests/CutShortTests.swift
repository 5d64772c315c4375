import BenchmarkRecords
import Foundation
import Testing

extension EndToEndTests {
    /// What is left of a run that a signal, a full disk or an impatient reader cuts short.
    @Suite struct CutShortTests {
        private static let long = [
            "--guard", "mutex,stripe-mutex", "--scenario", "calm", "--faulters", "1", "--window", "5ms",
            "--benchmark_repetitions=1000",
        ]
        private static let short = [
            "--guard", "mutex", "--scenario", "calm", "--faulters", "1", "--window", "2ms", "--benchmark_repetitions=6",
        ]

        private let command: InvbenchProcess

        init() throws { command = try InvbenchProcess() }

        @Test(arguments: [SIGINT, SIGTERM])
        func aSignalKeepsEveryFinishedRowEverywhere(signal: Int32) async throws {
            try command.start(
                Self.long + ["--benchmark_format=json", "--benchmark_out=out.csv", "--benchmark_out_format=csv"])
            try await command.send(signal, afterRows: 3)
            let outcome = try command.wait()
            #expect(outcome.status == 128 + signal)
            let saved = try command.savedRows()
            #expect(saved.count >= 3)
            #expect(try outcome.rows() == saved)
            #expect(try command.text(of: "out.csv").split(separator: "\r\n").count == 1 + saved.count)
            #expect(outcome.errors.contains("\(saved.count) of 2000 repetitions were finished"))
        }

        @Test func aSignalStillDrawsTheTable() async throws {
            try command.start(Self.long)
            try await command.send(SIGTERM, afterRows: 4)
            let outcome = try command.wait()
            #expect(outcome.status == 143)
            #expect(outcome.output.contains("calm, 1 faulter"))
        }

        @Test func aKillLeavesAValidFile() async throws {
            try command.start(Self.long + ["--benchmark_out=out.json"])
            try await command.send(SIGKILL, afterRows: 3)
            #expect(try command.wait().status == 128 + SIGKILL)
            #expect(try command.savedRows().count >= 3)
            #expect(try ResultsFile(reading: command.folder.path + "/out.json").rows.count >= 3)
        }

        @Test(
            .disabled(
                if: InvbenchProcess.isThreadSanitized,
                "ThreadSanitizer keeps its shadow memory in files, which the limit that plays the full disk forbids"))
        func aFullDiskEndsWithFiveAndAValidFile() throws {
            let outcome = try command.run(Self.short + ["--benchmark_repetitions=20"], limit: 12)
            #expect(outcome.status == 5)
            #expect(outcome.output.contains("calm, 1 faulter"), "the table is drawn all the same")
            let rows = try command.savedRows()
            #expect(rows.count >= 1 && rows.count < 24)
            #expect(outcome.errors.split(separator: "\n").count { $0.contains("goes on without it") } == 1)
        }

        @Test(arguments: ["json", "csv", "console"])
        func aFullDeviceEndsWithFive(format: String) throws {
            let outcome = try command.run(
                Self.short + ["--no-save", "--benchmark_out=/dev/full", "--benchmark_out_format=\(format)"])
            #expect(outcome.status == 5)
            #expect(outcome.output.contains("calm, 1 faulter"))
            #expect(outcome.errors.contains("/dev/full"))
        }

        @Test func aClosedStandardOutputDoesNotEndInTheResults() throws {
            let shell = Process()
            shell.executableURL = URL(fileURLWithPath: "/bin/bash")
            shell.currentDirectoryURL = command.folder
            shell.arguments = ["-c", "exec \"$0\" \"$@\" >&- 2>&-", InvbenchProcess.executable] + Self.short
            try shell.run()
            shell.waitUntilExit()
            #expect(shell.terminationStatus == 0)
            #expect(try command.savedRows().count == 10)
        }

        @Test func aFolderThatCannotBeMadeEndsWithFive() throws {
            try command.write("a file", to: "taken")
            let outcome = try command.run(Self.short + ["--results", "taken"])
            #expect(outcome.status == 5)
            #expect(outcome.output.contains("calm, 1 faulter"))
        }

        @Test func aHistogramThatCannotBeWrittenEndsWithFive() throws {
            try command.write("a file", to: "taken")
            let outcome = try command.run(Self.short + ["--histograms", "taken"])
            #expect(outcome.status == 5)
            #expect(outcome.output.contains("calm, 1 faulter"))
            #expect(try command.savedRows().count == 10)
            #expect(outcome.errors.split(separator: "\n").count { $0.contains("goes on without it") } == 1)
        }

        @Test func aKillLeavesWholeHistograms() async throws {
            try command.start(Self.long + ["--histograms", "h"])
            try await command.send(SIGKILL, afterRows: 3)
            #expect(try command.wait().status == 128 + SIGKILL)
            let folder = command.folder.path + "/h"
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".hgrm") }
            #expect(names.count == 2)
            for name in names {
                #expect(try command.text(of: "h/" + name).split(separator: "\n").last?.hasPrefix("#[Buckets") == true)
            }
        }

        @Test func aReaderThatGoesAwayLosesNothingElse() throws {
            let reader = Process()
            reader.executableURL = URL(fileURLWithPath: "/bin/bash")
            reader.currentDirectoryURL = command.folder
            let words = Self.short + ["--benchmark_format=json", "--benchmark_repetitions=20"]
            let script = "\"$0\" \"$@\" | head -c 10; exit ${PIPESTATUS[0]}"
            reader.arguments = ["-c", script, InvbenchProcess.executable] + words
            reader.standardOutput = FileHandle.nullDevice
            reader.standardError = FileHandle.nullDevice
            try reader.run()
            reader.waitUntilExit()
            #expect(reader.terminationStatus == 0)
            #expect(try command.savedRows().count == 24)
        }
    }
}
