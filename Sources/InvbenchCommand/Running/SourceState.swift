import Foundation

/// Which commit the command was built from, where that can be known.
struct SourceState: Equatable, Sendable {
    /// The short hash.
    var commit: String
    /// Whether a source file differs from it.
    var isDirty: Bool

    /// What the command is built from.
    private static let sources = ["--", "Package.swift", "Sources", "Benchmarks", "Examples"]

    /// The state of the checkout that the executable lies in (SwiftPM builds in `.build` below the package); `nil`
    /// outside of one, and where the sources' last commit is younger than the executable, which then was built from
    /// another.
    static func ofExecutable() -> SourceState? {
        guard let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
            let attributes = try? FileManager.default.attributesOfItem(atPath: executable),
            let built = attributes[.modificationDate] as? Date
        else { return nil }
        let folder = (executable as NSString).deletingLastPathComponent
        guard let top = git(["rev-parse", "--show-toplevel"], in: folder),
            FileManager.default.fileExists(atPath: top + "/Sources/InvbenchCommand"),
            let commit = git(["rev-parse", "--short", "HEAD"], in: top),
            let committed = git(["log", "-1", "--format=%ct"] + sources, in: top).flatMap(Double.init),
            committed <= built.timeIntervalSince1970,
            let changes = git(["status", "--porcelain"] + sources, in: top)
        else { return nil }
        return SourceState(commit: commit, isDirty: !changes.isEmpty)
    }

    /// What git prints, without the line's end; `nil` where there is no git or it fails.
    private static func git(_ words: [String], in folder: String) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git", "-C", folder] + words
        // Not the variables of a hook that may have started us: they name another checkout.
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GIT_") }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
}
