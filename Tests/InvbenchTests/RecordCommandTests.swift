import Foundation
import InvalidationStorm
import Testing

@testable import InvbenchCommand

extension EndToEndTests {
    /// `record` with a stand-in for strace, and with the one that is installed.
    @Suite struct RecordCommandTests {
        private let command: InvbenchProcess
        private static let recording = "7 1.000000 munmap(0x10000, 8192) = 0\n"

        init() throws { command = try InvbenchProcess() }

        /// Makes `body` the strace of `environment`: a shell script that has the recording's path in `$file`, and behind
        /// `--` the program in `"$@"`.
        private func standIn(_ body: String) throws {
            let folder = command.folder.appendingPathComponent("bin")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try command.write(
                """
                #!/bin/bash
                echo "$*" >words
                while [[ $1 != -- ]]; do
                    if [[ $1 == -o ]]; then file=$2; fi
                    shift
                done
                shift
                \(body)

                """, to: "bin/strace")
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: folder.appendingPathComponent("strace").path)
        }

        private var environment: [String: String] {
            let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
            return ["PATH": command.folder.appendingPathComponent("bin").path + ":" + path]
        }

        private func record(_ words: String...) throws -> InvbenchProcess.Outcome {
            try command.run(["record"] + words, environment: environment)
        }

        @Test func itSaysWhatWasRecordedAndHowToGoOn() throws {
            try standIn("printf '\(Self.recording)' >\"$file\"; exec \"$@\"")
            let outcome = try record("-o", "my app.strace", "--", "bash", "-c", "echo out; echo err >&2")
            #expect(outcome.status == 0)
            #expect(outcome.output == "out\n")
            let lines = outcome.errors.split(separator: "\n")
            #expect(lines.count == 4)
            #expect(lines.first == "err")
            #expect(outcome.errors.contains("1 invalidation in 0.0 s, 2 pages (8 KiB) in 1 address space\n"))
            #expect(lines.last == "invbench: which guard is best for it: invbench --trace 'my app.strace'")
            let words = try command.text(of: "words")
            #expect(
                words.hasPrefix("-f -ttt -e trace=%memory,"))
            #expect(words.contains("-o ./my app.strace --seccomp-bpf -- bash"))
        }

        @Test func theProgramsEndIsPassedOn() throws {
            try standIn("printf '\(Self.recording)' >\"$file\"; exec \"$@\"")
            #expect(try record("-o", "a.strace", "--", "bash", "-c", "exit 7").status == 7)
            let killed = try record("-o", "b.strace", "--", "bash", "-c", "kill -KILL $$")
            #expect(killed.status == 128 + SIGKILL)
            #expect(killed.errors.contains("invbench --trace b.strace"))
        }

        @Test func aSignalGoesToTheProgram() async throws {
            // As strace does, the stand-in keeps the signal from itself, and has the program as its child.
            try standIn(
                """
                trap '' TERM
                printf '\(Self.recording)' >"$file"
                (trap - TERM; exec env --default-signal=TERM "$@")
                """)
            let program = "trap 'echo asked to end; exit 5' TERM; touch ready; for n in {1..200}; do sleep 0.05; done"
            try command.start(["record", "-o", "a.strace", "--", "bash", "-c", program], environment: environment)
            let ready = command.folder.appendingPathComponent("ready").path
            while !FileManager.default.fileExists(atPath: ready) { try await Task.sleep(for: .milliseconds(5)) }
            command.signal(SIGTERM)
            let outcome = try command.wait()
            #expect(outcome.status == 5)
            #expect(outcome.output == "asked to end\n")
            #expect(outcome.errors.contains("1 invalidation"))
        }

        @Test func aFileIsOnlyReplacedWhenThatIsSaid() throws {
            try standIn("printf '\(Self.recording)' >\"$file\"; exec \"$@\"")
            try command.write("precious", to: "a.strace")
            let refused = try record("-o", "a.strace", "--", "touch", "it-ran")
            #expect(refused.status == 2)
            #expect(refused.errors == "invbench: a.strace exists; say --replace, or take another name\n")
            #expect(try command.text(of: "a.strace") == "precious")
            #expect(throws: (any Error).self) { try command.text(of: "it-ran") }
            #expect(try record("--replace", "-o", "a.strace", "--", "true").status == 0)
            #expect(try command.text(of: "a.strace") == Self.recording)
        }

        @Test func whatCannotBeRecordedEndsWithTwo() throws {
            try standIn("touch \"$file\"; echo 'strace: no such program' >&2; exit 1")
            let nothing = try record("-o", "a.strace", "--", "nothing-here")
            #expect(nothing.status == 2)
            #expect(nothing.errors.contains("a.strace: nothing was recorded, strace ended with 1"))
            #expect(throws: (any Error).self) { try command.text(of: "a.strace") }
            for (words, message) in [
                (["-o", "a.strace"], "name the program behind --"),
                (["-o", "a.strace", "-p", "1", "--", "true"], "name the program behind --"),
                (["--", "true"], "--output"),
                (["-o", "a.strace.gz", "--", "true"], "strace does not compress"),
                (["-o", "redis.strace", "--", "true"], "trace:redis comes with invbench"),
            ] {
                let outcome = try command.run(["record"] + words, environment: environment)
                #expect(outcome.status == 2, "\(words)")
                #expect(outcome.errors.contains(message), "\(outcome.errors)")
            }
            try standIn("echo 'no line of strace' >\"$file\"")
            let broken = try record("-o", "b.strace", "--", "true")
            #expect(broken.status == 2 && broken.errors.contains("b.strace:1: neither a line of strace"))
        }

        @Test func withoutStraceItSaysHowToInstallIt() throws {
            // A PATH with nothing but what starts the command.
            let folder = command.folder.appendingPathComponent("few")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: folder.appendingPathComponent("env").path, withDestinationPath: "/usr/bin/env")
            let outcome = try command.run(
                ["record", "-o", "a.strace", "--", "/bin/true"], environment: ["PATH": folder.path])
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("sudo apt install strace"))
        }

        /// The one that is installed takes the flags, and what it writes can be replayed. Each child has the space of its own
        /// program; in the copy of its parent's that it had before, nothing is invalidated.
        @Test(.enabled(if: canTrace))
        func theInstalledStraceRecords() throws {
            let outcome = try command.run([
                "record", "-o", "a.strace", "--", "bash", "-c", "for i in 1 2 3; do /bin/true; done; read line; exit 4",
            ])
            #expect(outcome.status == 4, "\(outcome.errors)")
            #expect(outcome.errors.contains("in 4 address spaces"), "\(outcome.errors)")
            let shown = try command.run(["trace", "a.strace"])
            #expect(shown.status == 0)
            #expect(shown.output.hasPrefix("a: calls, as strace wrote them") && shown.output.contains("\nunmap "))
            #expect(try command.run(["--trace", "a.strace", "--benchmark_list_tests"]).output.contains("/trace:a/"))
        }

        /// A process that runs already is recorded until somebody ends that, and runs on.
        @Test(.enabled(if: canTrace))
        func aRunningProcessIsRecorded() async throws {
            let program = Process()
            program.executableURL = URL(fileURLWithPath: "/bin/bash")
            program.arguments = ["-c", "for n in {1..600}; do (true); sleep 0.05; done"]
            try program.run()
            defer { program.terminate() }
            try command.start(["record", "-o", "a.strace", "-p", String(program.processIdentifier)])
            for _ in 0..<2000 where (try? command.text(of: "a.strace"))?.contains("exit_group") != true {
                try await Task.sleep(for: .milliseconds(5))
            }
            command.signal(SIGTERM)
            let outcome = try command.wait()
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("invbench --trace a.strace"))
            #expect(program.isRunning)
        }

        /// Whether there is a strace that may trace.
        private static let canTrace: Bool = {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["-c", "strace -f -o /dev/null /bin/true 2>/dev/null"]
            guard (try? process.run()) != nil else { return false }
            process.waitUntilExit()
            return process.terminationStatus == 0
        }()
    }
}
