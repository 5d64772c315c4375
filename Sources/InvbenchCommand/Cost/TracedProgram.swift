import BenchmarkRecords
import BuildRecord
import Foundation
import InvalidationStorm

/// This program under the valgrind tool that counts.
struct TracedProgram {
    /// The folder that valgrind finds the tool in.
    private let tool: String
    private let executable: String

    /// Finds the tool in `folder`; without one, in `.build/coherence` of what this program was built in.
    init(tool folder: String?) throws {
        executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        let candidates = folder.map { [$0] } ?? Self.folders(above: executable)
        guard
            let found = candidates.first(where: {
                FileManager.default.isExecutableFile(atPath: $0 + "/" + Self.toolName)
            })
        else {
            let place = folder ?? ".build/coherence above \(executable)"
            throw UsageError(
                "\(place): the tool that counts is not there; build it with Scripts/build-coherence, or name its folder by --tool"
            )
        }
        tool = found
    }

    private static let toolName = "coherence-amd64-linux"

    private static func folders(above executable: String) -> [String] {
        var folder = URL(fileURLWithPath: executable).deletingLastPathComponent()
        var folders: [String] = []
        while folder.path != "/" {
            folders.append(folder.appending(path: "coherence").path)
            folder.deleteLastPathComponent()
        }
        return folders
    }

    /// Counts what `guards` cost on `machines`.
    func count(_ guards: [String], on machines: [VirtualMachine]) throws -> CostTable {
        let folder = FileManager.default.temporaryDirectory.appending(path: "invbench-cost-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Valgrind does not read the debug information that Swift writes, and gives up over it.
        let stripped = folder.appending(path: "traced").path
        _ = try run("objcopy", ["--strip-debug", executable, stripped], toDo: "binutils")
        // The environment lies on the stack, and hashing has a seed of its own for each process.
        let path = String(cString: getenv("PATH"))
        let words =
            ["-i", "PATH=\(path)", "SWIFT_DETERMINISTIC_HASHING=1", "VALGRIND_LIB=\(tool)", "valgrind"]
            + ["--tool=coherence", "--quiet", "--vex-iropt-register-updates=allregs-at-each-insn", stripped]
            + ["cost", "--traced", "--guard", guards.joined(separator: ",")]
            + ["--machine", machines.map(\.name).joined(separator: ",")]
        let output = try run("env", words, toDo: "valgrind")
        var traced = try TracedOutput(output)
        traced.rename(module: stripped, to: executable)
        return try traced.table(compiler: BuildRecord.compiler)
    }

    private func run(_ program: String, _ words: [String], toDo package: String) throws -> String {
        let process: ChildProcess
        do {
            process = try ChildProcess.run(program, words)
        } catch let error as ChildProcess.NotStarted {
            throw UsageError("\(program): \(error.reason); install \(package)")
        }
        guard process.status == 0 else {
            let said = process.errors.split(separator: "\n").suffix(3).joined(separator: "; ")
            throw UsageError("\(package) cannot count: exit code \(process.status): \(said)")
        }
        return process.output
    }
}
