import Foundation
import Testing

@testable import InvbenchCommand

extension EndToEndTests {
    /// What each host of a campaign runs, run here.
    @Suite struct JobScriptTests {
        private let command: InvbenchProcess
        private let folder: URL

        init() throws {
            command = try InvbenchProcess()
            // A shell must not take it apart.
            folder = command.folder.appendingPathComponent("it's $HOME here")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }

        private func script(_ program: String, flags: [String] = ["--guard", "kvm"]) -> JobScript {
            JobScript(program: program, build: "abc, release", flags: flags, folder: folder.path)
        }

        /// Runs a script as Slurm does on node1.
        private func run(_ script: JobScript, job: Int) throws -> InvbenchProcess.Outcome {
            try command.write(script.text, to: "campaign.sh")
            let shell = try InvbenchProcess(executable: "/bin/sh")
            return try shell.run(
                [command.folder.path + "/campaign.sh"],
                environment: ["SLURMD_NODENAME": "node1", "SLURM_JOB_ID": String(job)])
        }

        private var names: [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
        }

        @Test func aHostIsMeasuredOnce() throws {
            let script = script(try StandInProgram("a program", rate: 1000, in: command).path)
            let first = try run(script, job: 7)
            #expect(first.status == 0 && names == ["node1.json"], "\(first.errors)")
            #expect(
                first.output.contains("job 7: measures node1") && first.output.contains("job 7: has measured node1"))
            let file = folder.appendingPathComponent("node1.json")
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(text.contains("\"seen\": \"run --guard kvm --host node1 --no-save --benchmark_out="))
            let second = try run(script, job: 8)
            #expect(second.status == 0 && second.output == "job 8: node1 has been measured\n")
            #expect(try String(contentsOf: file, encoding: .utf8) == text)
        }

        @Test func whatEndedEarlyIsNoResult() throws {
            let failing = script(try StandInProgram("failing", rate: 1000, in: command, last: "exit 3").path)
            let outcome = try run(failing, job: 7)
            #expect(outcome.status == 3 && !outcome.output.contains("has measured"))
            #expect(names == [".node1.7.json"])
            // The next one clears it away, and nothing of another host.
            try command.write("", to: "it's $HOME here/.node11.6.json")
            #expect(try run(script(try StandInProgram("whole", rate: 1, in: command).path), job: 9).status == 0)
            #expect(names == [".node11.6.json", "node1.json"])
        }

        @Test func aHostWithoutTheProgramOrTheFolderSaysSo() throws {
            let missing = try run(script("/nowhere/invbench"), job: 7)
            #expect(missing.status == 2 && missing.errors.hasPrefix("/nowhere/invbench: not there on node1"))
            let elsewhere = JobScript(program: "/bin/true", build: "b", flags: [], folder: "/nowhere/campaign")
            let lost = try run(elsewhere, job: 7)
            #expect(lost.status == 2 && lost.errors.hasPrefix("/nowhere/campaign: not there on node1"))
        }

        @Test func itsFlagsAreTheUsersWord() throws {
            let script = script(
                try StandInProgram("p", rate: 1, in: command).path, flags: ["--benchmark_filter=a'b|$(c)", "--seed"])
            #expect(try run(script, job: 1).status == 0)
            let text = try String(contentsOf: folder.appendingPathComponent("node1.json"), encoding: .utf8)
            #expect(text.contains("run --benchmark_filter=a'b|$(c) --seed --host"))
            #expect(JobScript.summary(of: script.text).hasPrefix("build abc, release, flags '--benchmark_filter="))
        }

        @Test func withoutSlurmTheCommandSaysWhatIsMissing() throws {
            // All that the test itself needs, and none of Slurm's commands.
            let path = command.folder.appendingPathComponent("bin").path
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: path + "/env", withDestinationPath: "/usr/bin/env")
            let words = ["campaign", "--folder", "here", "--nodes", "node1"]
            for (words, message) in [
                (words, "slurm-client"), (words + ["--", "--guard", "nonesuch"], "no guard 'nonesuch'"),
                (words + ["--", "--host", "me"], "--host: set for each process"),
                (words + ["--", "--trace", "mine.strace"], "--trace mine.strace: name it by its whole path"),
                (words + ["--", "--windows", "1s"], "--windows"), (["campaign", "--folder", "here"], "--partition"),
                (["campaign", "--nodes", "node1"], "--folder"),
            ] {
                let outcome = try command.run(words, environment: ["PATH": path])
                #expect(outcome.status == 2 && outcome.output.isEmpty, "\(words)")
                #expect(outcome.errors.contains(message), "\(outcome.errors)")
            }
            #expect(!FileManager.default.fileExists(atPath: command.folder.path + "/here"))
        }
    }
}
