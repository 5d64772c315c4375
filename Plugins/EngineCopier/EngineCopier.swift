import Foundation
import PackagePlugin

/// Compiles the engine a second time into the target that applies it, with lines exchanged: those that the file
/// `exchanges` in the target's folder names. `engine-copy` says what such a file looks like.
@main struct EngineCopier: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let engine = context.package.directoryURL.appending(path: "Sources/NotifierDispatch")
        let exchanges = target.directoryURL.appending(path: "exchanges")
        let output = context.pluginWorkDirectoryURL
        let files = Self.swiftFiles(below: engine)
        return [
            .buildCommand(
                displayName: "Copying the engine for \(target.name)",
                executable: try context.tool(named: "engine-copy").url,
                arguments: [engine.path, output.path, exchanges.path] + files,
                inputFiles: [exchanges] + files.map { engine.appending(path: $0) },
                outputFiles: files.map { output.appending(path: $0) })
        ]
    }

    private static func swiftFiles(below folder: URL) -> [String] {
        let found = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return found.filter { $0.hasSuffix(".swift") }.sorted()
    }
}
