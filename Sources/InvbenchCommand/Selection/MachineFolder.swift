import BenchmarkRecords
import Foundation

/// The folder of a machine's results files.
enum MachineFolder {
    /// The folder of `machine`, or of this machine, in the folder `results`; refused where it is not there.
    static func path(in results: String, machine: String?) throws -> String {
        let name = machine ?? MachineFacts().machineID
        let machines = try machines(in: results)
        guard machines.contains(name) else {
            let others =
                machines.isEmpty
                ? "and of no other machine: a run without --no-save keeps some"
                : "there are runs of \(machines.joined(separator: ", ")): choose one with --machine"
            throw UsageError("\(results): no runs of \(machine == nil ? "this machine, " : "")\(name); \(others)")
        }
        return "\(results)/\(name)"
    }

    /// The folders in `results`, in order.
    private static func machines(in results: String) throws -> [String] {
        let folder = URL(fileURLWithPath: results, isDirectory: true)
        do {
            return try FileManager.default.contentsOfDirectory(atPath: results).filter { name in
                var isFolder: ObjCBool = false
                return !name.hasPrefix(".")
                    && FileManager.default.fileExists(
                        atPath: folder.appendingPathComponent(name).path, isDirectory: &isFolder)
                    && isFolder.boolValue
            }
            .sorted()
        } catch {
            throw UsageError("\(results): no folder of results that can be read; name it with --results")
        }
    }
}
