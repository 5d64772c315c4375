import BenchmarkRecords
import Foundation
import Testing

extension EndToEndTests {
    /// The example of a package that brings a guard of its own, built outside of this one.
    ///
    /// Not under ThreadSanitizer: the example would be built without it, and the lock is no part of the package.
    @Suite(.enabled(if: !InvbenchProcess.isThreadSanitized)) struct OwnGuardPackageTests {
        private static let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        private static let example = root.appendingPathComponent("Examples/own-guard")

        /// A file of the example.
        private func text(of name: String) throws -> String {
            try String(contentsOf: Self.example.appendingPathComponent(name), encoding: .utf8)
        }

        /// Copies the example, lets it depend on this checkout, and builds it. What it depends on is kept for the next
        /// time, and taken at the versions and from the cache that this package was built with: without a network.
        private func build(in folder: URL) throws -> String {
            for (source, name) in [(Self.example, "Sources"), (Self.root, "Package.resolved")] {
                try FileManager.default.copyItem(
                    at: source.appendingPathComponent(name), to: folder.appendingPathComponent(name))
            }
            let manifest = try text(of: "Package.swift")
            #expect(manifest.contains("path: \"../..\""))
            try manifest.replacingOccurrences(of: "path: \"../..\"", with: "path: \"\(Self.root.path)\"")
                .write(to: folder.appendingPathComponent("Package.swift"), atomically: true, encoding: .utf8)
            // Not this package's own folder, which is locked while its tests run.
            let scratch = Self.root.appendingPathComponent(".build/own-guard").path
            let words = [
                "-c", "release", "--package-path", folder.path, "--scratch-path", scratch, "--jobs", "2",
            ]
            let outcome = try InvbenchProcess(executable: "/usr/bin/env").run(["swift", "build"] + words)
            try #require(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
            #expect(!outcome.output.contains("warning:"), "\(outcome.output)")
            return scratch + "/release/own-guard"
        }

        @Test func aGuardOfOnesOwnStandsInTheTable() throws {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("own-guard-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            // `.ci/run` has built it before, in less time.
            let built = ProcessInfo.processInfo.environment["OWN_GUARD_EXECUTABLE"]
            let command = try InvbenchProcess(executable: built ?? build(in: folder))
            let outcome = try command.run([
                "--guard", "mine,stripe-mutex", "--scenario", "storm,trace:redis", "--faulters", "2", "--window",
                "20ms",
                "--benchmark_repetitions=2",
            ])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let lines = outcome.output.split(separator: "\n")
            #expect(lines.count { $0.contains(" mine  ") } == 2)
            #expect(lines.count { $0.contains(" stripe-mutex  ") } == 2)
            let rows = try command.savedRows().filter { $0.runType == .iteration && $0.cell?.guardName == "mine" }
            #expect(rows.count == 4)
            #expect(rows.allSatisfy { $0[.staleInstalls] == 0 && $0[.faultsPerSecond] ?? 0 > 0 })
        }

        @Test func theArticleShowsIt() throws {
            let article = try String(
                contentsOf: Self.root.appendingPathComponent("Documentation/OwnGuard.md"), encoding: .utf8)
            for file in ["Package.swift", "Sources/own-guard/main.swift"] {
                #expect(article.contains("```swift\n\(try text(of: file))```\n"), "\(file)")
            }
        }
    }
}
