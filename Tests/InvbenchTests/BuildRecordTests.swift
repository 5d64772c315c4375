import BenchmarkRecords
import BuildRecord
import Foundation
import Testing

@testable import InvbenchCommand

@Suite struct BuildRecordTests {
    @Test func thisProgramKnowsItsCompiler() {
        #expect(BuildRecord.compiler.contains(/^Swift version \d+\.\d+/))
        #expect(BuildFacts.ofThisProgram.compiler == BuildRecord.compiler)
        #expect((BuildRecord.commit == nil) == (BuildRecord.isDirty == nil))
    }

    @Test(.enabled(if: InvbenchProcess.isThreadSanitized)) func thisProgramKnowsItsFlags() {
        #expect(BuildRecord.flags?.contains("--sanitize=thread") == true)
    }
}

/// The script that the plugin runs, for a package of its own.
@Suite struct RecordBuildScriptTests {
    /// A folder with the folder `package` in it, removed at the end.
    private final class Package {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("record-\(UUID().uuidString)")
        var source: URL { folder.appendingPathComponent("package/Sources/a.swift") }
        var output: URL { folder.appendingPathComponent("out.swift") }

        init() throws {
            try FileManager.default.createDirectory(
                at: source.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("1".utf8).write(to: source)
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        /// What `command` prints, run in the folder; a hook's variables, which name another repository, are `variables`.
        @discardableResult
        func run(_ command: String, _ words: [String] = [], variables: [String: String] = [:]) throws -> String {
            let outcome = try InvbenchProcess(executable: "/bin/bash").run(
                ["-c", "cd \"$0\" && \(command)", folder.path] + words,
                environment: variables.merging(["HOME": folder.path]) { $1 })
            try #require(outcome.status == 0, "\(command): \(outcome.errors)")
            return outcome.output.trimmingCharacters(in: .newlines)
        }

        /// Puts a script into the folder.
        func write(_ text: String, executable name: String) throws {
            let url = folder.appendingPathComponent(name)
            try Data(text.utf8).write(to: url)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: url.path)
        }

        /// Commits all of a subfolder, and returns the short hash.
        func commit(_ subfolder: String) throws -> String {
            try run(
                """
                unset $(git rev-parse --local-env-vars); cd \(subfolder) && git init -q && git add . \
                && git -c user.name=a -c user.email=a@example.org commit -qm a && git rev-parse --short HEAD
                """)
        }

        /// The lines that the script leaves.
        func record(compiler: String = "/bin/false", flags: String = "nil") throws -> [String] {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let words = [root.path + "/Scripts/record-build", folder.path + "/package", compiler, output.path, flags]
            try run("/bin/sh \"$@\"", words, variables: ["GIT_DIR": "/nowhere", "GIT_INDEX_FILE": "/nowhere/index"])
            return try String(contentsOf: output, encoding: .utf8).split(separator: "\n").map(String.init)
        }
    }

    private let package: Package

    init() throws { package = try Package() }

    @Test func aCommitIsCleanUntilASourceChanges() throws {
        let hash = try package.commit("package")
        let clean = ["let recordedCommit: String? = \"\(hash)\"", "let recordedIsDirty: Bool? = false"]
        #expect(try Array(package.record().prefix(2)) == clean)
        try package.run("echo notes >package/notes.txt")
        #expect(try Array(package.record().prefix(2)) == clean, "it is no source")
        try package.run("echo 2 >package/Sources/a.swift")
        #expect(try package.record()[1] == "let recordedIsDirty: Bool? = true")
        try package.run("printf 1 >package/Sources/a.swift; touch package/Sources/b.swift")
        #expect(try package.record()[1] == "let recordedIsDirty: Bool? = true", "a new file is a change")
        try package.run("rm package/Sources/b.swift")
        #expect(try Array(package.record().prefix(2)) == clean)
    }

    @Test func withoutARepositoryOfItsOwnThereIsNoCommit() throws {
        let none = ["let recordedCommit: String? = nil", "let recordedIsDirty: Bool? = nil"]
        #expect(try Array(package.record().prefix(2)) == none)
        _ = try package.commit(".")
        #expect(try Array(package.record().prefix(2)) == none, "the repository around it is somebody else's")
    }

    @Test func aWorktreeIsARepository() throws {
        let hash = try package.commit("package")
        try package.run(
            """
            unset $(git rev-parse --local-env-vars); mv package main \
            && git -C main worktree add -q --detach ../package && test -f package/.git
            """)
        #expect(try package.record()[0] == "let recordedCommit: String? = \"\(hash)\"")
    }

    @Test func theCompilerSaysItsVersionAndFlagsArePassedOn() throws {
        let compiler = #"""
            #!/bin/sh
            echo 'Apple "Swift version 9.1.2 \x'
            echo Swift version 8
            """#
        try package.write(compiler, executable: "swiftc")
        let lines = try package.record(compiler: package.folder.path + "/swiftc", flags: #""-Xcc -DA=\"b\"""#)
        #expect(lines[3] == #"let recordedFlags: String? = "-Xcc -DA=\"b\"""#)
        #expect(lines[2] == "let recordedCompiler = \"Swift version 9.1.2 x\"")
        #expect(lines.count == 4)
        #expect(try package.record()[2] == "let recordedCompiler = \"Swift of an unknown version\"")
    }

    @Test func whatSaysNothingNewIsNotWritten() throws {
        _ = try package.record()
        try package.run("touch -d @1000 out.swift")
        _ = try package.record()
        #expect(try package.run("stat -c %Y out.swift") == "1000")
        _ = try package.record(flags: "\"none\"")
        #expect(try package.run("stat -c %Y out.swift") != "1000")
    }
}
