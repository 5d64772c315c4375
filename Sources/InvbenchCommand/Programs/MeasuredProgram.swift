import BenchmarkRecords
import Foundation

/// An invbench, or a program with guards of its own, that is run as a process to measure something.
struct MeasuredProgram {
    /// What the user called it, with its commit where it was built from one.
    let label: String
    /// The executable's path.
    let executable: String

    /// This very program.
    static let this = MeasuredProgram(label: "this program", executable: "/proc/self/exe")

    /// The names of the cells that `flags` of `run` choose.
    func cells(_ flags: [String]) throws -> [String] {
        let outcome = try launch(["run"] + flags + ["--benchmark_list_tests=true"])
        guard outcome.status == 0 else { throw failure(outcome, of: "cannot list its cells") }
        return outcome.output.split(separator: "\n").map(String.init)
    }

    /// Measures what `flags` of `run` choose and reads the results, which are left at `path`.
    ///
    /// Throws ``ExitStatus/unsafe`` where a protected guard showed a stale translation, which is told, and
    /// ``ExitStatus/interrupted(signal:)``.
    func measure(_ flags: [String], to path: String) throws -> ResultsFile {
        let outcome = try launch(["run"] + flags + ["--no-save", "--benchmark_out=\(path)"])
        if let signal = Interruption.signal { throw ExitStatus.interrupted(signal: signal) }
        if outcome.status == ExitStatus.unsafe.code {
            StandardError.write("\(label):\n\(outcome.errors)")
            throw ExitStatus.unsafe
        }
        guard outcome.status == 0 else { throw failure(outcome, of: "cannot measure \(flags.joined(separator: " "))") }
        do {
            return try ResultsFile(reading: path)
        } catch {
            throw UsageError("\(label): what it measured cannot be read: \(error.description)")
        }
    }

    /// What a process left behind.
    private struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Runs it with `words` to its end.
    private func launch(_ words: [String]) throws -> Outcome {
        let (process, output, errors) = (Process(), Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = words
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        // Not waitUntilExit(), which looks only every 50 ms: half as long as a repetition takes.
        let end = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in end.signal() }
        do {
            try process.run()
        } catch {
            throw UsageError("\(label): cannot start \(executable): \(error.localizedDescription)")
        }
        // Read to their ends one after the other: a run says little on standard error, far less than a pipe holds.
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        end.wait()
        let isSignalled = process.terminationReason == .uncaughtSignal
        return Outcome(
            status: process.terminationStatus + (isSignalled ? 128 : 0), output: String(decoding: text, as: UTF8.self),
            errors: String(decoding: said, as: UTF8.self))
    }

    private func failure(_ outcome: Outcome, of what: String) -> UsageError {
        let said = outcome.errors.split(separator: "\n").last.map { ": \($0)" } ?? ""
        return UsageError("\(label): \(what), exit code \(outcome.status)\(said)")
    }
}
