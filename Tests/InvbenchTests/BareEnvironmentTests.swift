import BenchmarkRecords
import Foundation
import Testing

@testable import InvbenchCommand

extension EndToEndTests {
    /// What the command does where something is missing that processes usually have.
    @Suite struct BareEnvironmentTests {
        private static let small = [
            "--guard", "mutex", "--scenario", "storm", "--faulters", "1", "--window", "2ms",
            "--benchmark_repetitions=1",
        ]

        /// How a namespace with mounts of its own is entered here; `nil` where that is not allowed.
        private static let namespace: String? = ["unshare -m", "unshare -rm"].first {
            works("\($0) mount -t tmpfs none /mnt")
        }

        /// Starts something as a user of whom nothing else runs: the kernel counts a user's threads, and not root's.
        private static let asNobody = "setpriv --reuid 64321 --clear-groups"

        private static func works(_ words: String) -> Bool {
            let shell = Process()
            shell.executableURL = URL(fileURLWithPath: "/bin/bash")
            shell.arguments = ["-c", "\(words) 2>/dev/null"]
            guard (try? shell.run()) != nil else { return false }
            shell.waitUntilExit()
            return shell.terminationStatus == 0
        }

        private let shell: InvbenchProcess

        init() throws { shell = try InvbenchProcess(executable: "/bin/bash") }

        /// Runs the command behind `preparation`, in words of the shell.
        private func run(_ preparation: String, _ words: [String], redirection: String = "") throws
            -> InvbenchProcess.Outcome
        {
            let script = "\(preparation); exec \"$0\" \"$@\" \(redirection)"
            return try shell.run(
                ["-c", script, InvbenchProcess.executable] + words, environment: ["SWIFT_BACKTRACE": "enable=no"])
        }

        /// The same in a namespace of its own.
        private func runApart(_ preparation: String, _ words: [String]) throws -> InvbenchProcess.Outcome {
            let namespace = try #require(Self.namespace)
            let script = "\(namespace) /bin/bash -c '\(preparation); exec \"$0\" \"$@\"' \"$0\" \"$@\""
            return try shell.run(
                ["-c", script, InvbenchProcess.executable] + words, environment: ["SWIFT_BACKTRACE": "enable=no"])
        }

        private func expectRefusal(_ outcome: InvbenchProcess.Outcome, _ beginning: String) {
            #expect(outcome.status == 2)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.hasPrefix("invbench: " + beginning), "\(outcome.errors)")
            #expect(outcome.errors.hasSuffix("\n") && outcome.errors.count { $0 == "\n" } == 1)
            #expect(shell.resultsFiles().isEmpty)
        }

        @Test(.enabled(if: namespace != nil), arguments: [["--version"], small, ["compare", "a.json", "b.json"]])
        func withoutProcNothingIsMeasured(words: [String]) throws {
            let outcome = try runApart("mount -t tmpfs none /proc", words)
            expectRefusal(outcome, "cannot read /proc/self/cmdline, and with it the arguments: ")
        }

        @Test(
            .enabled(if: namespace != nil),
            arguments: ["processor 0: version = FF,  machine = 2964", "processor : x", "processor : 99999999999"])
        func aProcessorFileThatTheLibraryCannotReadIsRefused(text: String) throws {
            try shell.write("vendor_id : IBM/S390\n# processors : 1\n\(text)\n", to: "cpuinfo")
            let outcome = try runApart("mount --bind cpuinfo /proc/cpuinfo", Self.small)
            expectRefusal(outcome, "Google Benchmark cannot read /proc/cpuinfo: ")
        }

        @Test(.enabled(if: namespace != nil))
        func withoutSysTheRunHasItsRows() throws {
            let outcome = try runApart("mount -t tmpfs none /sys", Self.small)
            #expect(outcome.status == 0)
            #expect(try shell.savedRows().count == 1)
        }

        // A sanitizer takes more of both.
        @Test(
            .enabled(if: !InvbenchProcess.isThreadSanitized),
            arguments: [
                ("ulimit -s 64", "the stack may have 64 KiB, and 512 KiB are needed; "),
                ("ulimit -v 120000", "the address space may have 120000 KiB, and "),
            ])
        func aLimitThatIsTooLowIsNamed(limit: String, message: String) throws {
            expectRefusal(try run(limit, Self.small), message)
        }

        @Test(.enabled(if: !InvbenchProcess.isThreadSanitized))
        func moreThreadsThanTheAddressSpaceHoldsAreRefusedBeforeTheRun() throws {
            let many = ["--guard", "mutex", "--scenario", "storm", "--faulters", "256", "--window", "2ms"]
            expectRefusal(try run("ulimit -v 1000000", many), "a cell has 257 threads: the address space may have ")
        }

        @Test(
            .enabled(
                if: !InvbenchProcess.isThreadSanitized
                    && works("\(asNobody) test -x '\(InvbenchProcess.executable)'")))
        func threadsThatTheKernelRefusesAreRefusedBeforeTheRun() throws {
            let limited = "cd /; exec \(Self.asNobody) bash -c 'ulimit -u 2; exec \"$0\" \"$@\"' \"$0\" \"$@\""
            expectRefusal(try run(limited, Self.small), "a cell has 2 threads, and one more runs beside them; only ")
        }

        @Test(arguments: [["--help"], ["--version"], ["show", "--help"], ["--generate-completion-script", "bash"]])
        func helpThatCannotBeWrittenEndsWithFive(words: [String]) throws {
            let outcome = try run("true", words, redirection: "> /dev/full")
            #expect(outcome.status == 5)
            let advice = "free some space or choose another place"
            #expect(outcome.errors == "invbench: standard output: cannot write: No space left on device; \(advice)\n")
        }

        @Test(arguments: ["unset HOME TERM LANG PATH", "export LC_ALL=C", "export LC_ALL=de_DE.UTF-8"])
        func whatAShellUsuallySetsIsNotNeeded(preparation: String) throws {
            let outcome = try run(preparation, Self.small + ["--benchmark_format=json"])
            #expect(outcome.status == 0)
            #expect(try outcome.rows() == shell.savedRows())
        }
    }
}
