import Foundation
import Testing

@testable import InvbenchCommand

extension EndToEndTests {
    /// `invbench ab` between git revisions: of a package that builds in seconds.
    @Suite struct RevisionBuildTests {
        private let command: InvbenchProcess

        init() throws {
            command = try InvbenchProcess()
            let sources = "Sources/invbench"
            try FileManager.default.createDirectory(
                at: command.folder.appendingPathComponent(sources), withIntermediateDirectories: true)
            try command.write(Self.manifest, to: "Package.swift")
            try command.write(".build/\n", to: ".gitignore")
            try git("init", "--quiet")
            for rate in [1_000_000, 500_000] {
                try command.write(Self.source(rate: rate), to: "\(sources)/main.swift")
                try git("add", ".")
                try git("commit", "--quiet", "--message", "\(rate)")
            }
        }

        @Test func revisionsAreBuiltOnceAndCompared() throws {
            let environment = ["XDG_CACHE_HOME": command.folder.appendingPathComponent("cache").path]
            let words = ["ab", "HEAD~1", "HEAD", "--metric", "faults_per_second"]
            let outcome = try command.run(words, environment: environment)
            #expect(outcome.status == 1, "\(outcome.output)\(outcome.errors)")
            #expect(outcome.output.contains("1 regression"))
            let worktrees = try FileManager.default.contentsOfDirectory(
                atPath: command.folder.appendingPathComponent("cache/invbench/revisions").path)
            #expect(worktrees.count == 2)
            #expect(try command.run(words, environment: environment).status == 1)
        }

        @Test func aBuildThatFailsIsExplained() throws {
            try command.write("not Swift", to: "Sources/invbench/main.swift")
            try git("commit", "--quiet", "--all", "--message", "broken")
            let environment = ["XDG_CACHE_HOME": command.folder.appendingPathComponent("cache").path]
            let outcome = try command.run(["ab", "HEAD", "HEAD~1"], environment: environment)
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("swift build ended with 1"), "\(outcome.errors)")
        }

        private func git(_ words: String...) throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            let identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
            process.arguments = ["git", "-C", command.folder.path] + identity + words
            try process.run()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0)
        }

        private static let manifest = """
            // swift-tools-version: 6.2
            import PackageDescription
            let package = Package(name: "tiny", targets: [.executableTarget(name: "invbench")])
            """

        /// What a stand-in for invbench has to do.
        private static func source(rate: Int) -> String {
            """
            import Glibc
            let words = CommandLine.arguments
            if words.contains("--benchmark_list_tests=true") {
                print("\(StandInProgram.cell)")
            } else if let word = words.first(where: { $0.hasPrefix("--benchmark_out=") }) {
                let file = fopen(String(word.dropFirst("--benchmark_out=".count)), "w")!
                fputs(#\"\"\"
                    {"context": {"machine_id": "m"}, "benchmarks": [{"name": "\(StandInProgram.cell)", "iterations": 1,
                     "real_time": 1, "cpu_time": 1, "time_unit": "ns", "faults_per_second": \(rate)}]}
                    \"\"\"#, file)
                fclose(file)
            }
            """
        }
    }
}
