import Foundation

/// The recorded programs that come with the command.
///
/// SwiftPM's own accessor of a resource bundle ends the process where the bundle is missing; a copied executable without
/// its bundle shall only lack the traces.
enum BuiltInTraces {
    /// The paths of the traces in the bundle beside the executable, in order of their names; none without a bundle.
    static func paths() -> [String] {
        guard let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return []
        }
        return paths(beside: executable)
    }

    /// The same, of an executable elsewhere.
    static func paths(beside executable: String) -> [String] {
        let folder = URL(fileURLWithPath: executable).deletingLastPathComponent()
            .appendingPathComponent("invbench_InvbenchCommand.resources").appendingPathComponent("Traces").path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".strace") || $0.hasSuffix(".strace.gz") }.sorted().map { "\(folder)/\($0)" }
    }
}
