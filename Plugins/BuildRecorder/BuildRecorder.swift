import Foundation
import PackagePlugin

/// Writes down at build time which source, compiler and flags a program is made from, for `BuildRecord` to say.
///
/// The command that it plans runs again whenever a source file of the package or git's notes of what is checked out
/// change; its output changes only where what it says does, so nothing else is compiled again. Flags are read here,
/// since SwiftPM plans anew where they change and tells a plugin nothing of them.
@main struct BuildRecorder: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let package = context.package.directoryURL
        let script = package.appending(path: "Scripts/record-build")
        let compiler = try context.tool(named: "swiftc").url
        let output = context.pluginWorkDirectoryURL.appending(path: "RecordedBuild.swift")
        return [
            .buildCommand(
                displayName: "Recording commit, compiler and flags", executable: URL(filePath: "/bin/sh"),
                arguments: [script, package, compiler, output].map { $0.path } + [
                    Self.flags().map(\.debugDescription) ?? "nil"
                ],
                inputFiles: [script, compiler] + Self.sources(of: package) + Self.gitFiles(of: package),
                outputFiles: [output])
        ]
    }

    /// All that the record calls the source, headers too, which targets do not list.
    private static func sources(of package: URL) -> [URL] {
        let files = ["Sources", "Benchmarks", "Plugins"].flatMap { folder in
            FileManager.default.enumerator(
                at: package.appending(path: folder), includingPropertiesForKeys: nil, options: .skipsHiddenFiles
            )?.compactMap { $0 as? URL } ?? []
        }
        return [package.appending(path: "Package.swift")] + files.filter { !$0.hasDirectoryPath }
    }

    /// What git changes when it commits or checks out something; nothing outside of a repository.
    private static func gitFiles(of package: URL) -> [URL] {
        var folder = package.appending(path: ".git")
        // In a worktree or a submodule it is a file that names the folder.
        if let text = try? String(contentsOf: folder, encoding: .utf8), text.hasPrefix("gitdir: ") {
            let path = text.dropFirst("gitdir: ".count).trimmingCharacters(in: .newlines)
            folder = URL(filePath: path, relativeTo: package).absoluteURL
        }
        return ["HEAD", "index", "logs/HEAD"].map { folder.appending(path: $0) }
            .filter { FileManager.default.fileExists(atPath: $0.path) }
    }

    /// Flags of `swift build`, `run` and `test` that change the code that is made, apart from the configuration, which
    /// the code knows itself; those that take a value stand before it, or hold it behind `=`.
    private static let codeFlags: Set = [
        "-Xswiftc", "-Xcc", "-Xcxx", "-Xlinker", "--sanitize", "--toolset", "--swift-sdk", "--triple",
        "--experimental-lto-mode",
    ]
    private static let codeSwitches: Set = ["--static-swift-stdlib", "--enable-code-coverage"]

    /// Those that the command that plans the build was given, `none` without any; `nil` where they are not shown.
    private static func flags() -> String? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(getppid())/cmdline") else { return nil }
        var words = String(decoding: data, as: UTF8.self).split(separator: "\0").map(String.init)[...]
        var flags: [String] = []
        while let word = words.popFirst() {
            if codeFlags.contains(word), let value = words.popFirst() {
                flags += [word, value]
            } else if codeSwitches.contains(word) || codeFlags.contains(where: { word.hasPrefix($0 + "=") }) {
                flags.append(word)
            }
        }
        return flags.isEmpty ? "none" : flags.joined(separator: " ")
    }
}
