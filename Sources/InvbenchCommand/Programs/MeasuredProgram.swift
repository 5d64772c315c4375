import BenchmarkRecords
import Foundation

/// An invbench, or a program with guards of its own, that is run as a process to measure something.
struct MeasuredProgram {
    /// What the user called it, with its commit where it was built from one.
    let label: String
    /// The executable's path.
    let executable: String

    /// This very program.
    static let this = MeasuredProgram(label: "this program", executable: thisExecutable)

    /// What starts this program again: itself; in a bundle, whose starter says so in this variable, that starter, since the
    /// process is one of the bundle's loader.
    static var thisExecutable: String { getenv("INVBENCH_LAUNCHER").map { String(cString: $0) } ?? "/proc/self/exe" }

    /// The names of the cells that `flags` of `run` choose.
    func cells(_ flags: [String]) throws -> [String] {
        let process = try launch(["run"] + flags + ["--benchmark_list_tests=true"])
        guard process.status == 0 else { throw failure(process, of: "cannot list its cells") }
        return process.output.split(separator: "\n").map(String.init)
    }

    /// Measures what `flags` of `run` choose and reads the results, which are left at `path`.
    ///
    /// Throws ``ExitStatus/unsafe`` where a protected guard showed a stale translation, which is told, and
    /// ``ExitStatus/interrupted(signal:)``.
    func measure(_ flags: [String], to path: String) throws -> ResultsFile {
        let process = try launch(["run"] + flags + ["--no-save", "--benchmark_out=\(path)"])
        if process.status == ExitStatus.unsafe.code {
            StandardError.write("\(label):\n\(process.errors)")
            throw ExitStatus.unsafe
        }
        guard process.status == 0 else { throw failure(process, of: "cannot measure \(flags.joined(separator: " "))") }
        return try UsageError.explaining("\(label): what it measured cannot be read") { try ResultsFile(reading: path) }
    }

    /// Runs it with `words` to its end.
    private func launch(_ words: [String]) throws -> ChildProcess {
        do {
            return try ChildProcess.run(executable, words)
        } catch let error as ChildProcess.NotStarted {
            throw UsageError("\(label): cannot start \(executable): \(error.reason)")
        }
    }

    private func failure(_ process: ChildProcess, of what: String) -> UsageError {
        let ending =
            process.signal.map { "ended by signal \($0) (\(String(cString: strsignal($0))))" }
            ?? "exit code \(process.status)"
        let said = process.errors.split(separator: "\n").last.map { ": \($0)" } ?? ""
        return UsageError("\(label): \(what), \(ending)\(said)")
    }
}
