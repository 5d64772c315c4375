import BenchmarkRecords
import Foundation
import Testing

/// The built command, started as its users start it, once or in turn, in a folder of its own.
final class InvbenchProcess {
    /// What a process left behind.
    struct Outcome {
        /// The exit code; 128 and the signal where a signal ended it.
        let status: Int32
        let output: String
        let errors: String

        /// Standard output as strict JSON: its rows.
        func rows() throws -> [ResultRow] {
            let data = Data(output.utf8)
            _ = try JSONSerialization.jsonObject(with: data)
            return try ResultsFile(json: data, path: "standard output").rows
        }
    }

    /// The folder that it runs in, removed at the end.
    let folder: URL
    private var process = Process()
    private let executable: String

    /// Of the built command, or of another executable.
    init(executable: String = InvbenchProcess.executable) throws {
        self.executable = executable
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("invbench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// The executable stands beside the test bundle.
    static var executable: String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("invbench").path
    }

    /// Starts it with the default answer to signals, whatever the test's own process ignores; `limit` is the largest
    /// file that it may write, in KiB.
    func start(_ words: [String], environment: [String: String] = [:], limit: Int? = nil) throws {
        process = Process()
        let start = "exec env --default-signal=INT,TERM,PIPE,XFSZ \"$0\" \"$@\""
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", (limit.map { "ulimit -f \($0); " } ?? "") + start, executable] + words
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try handle(to: "stdout")
        process.standardError = try handle(to: "stderr")
        try process.run()
    }

    /// Waits for its end.
    func wait() throws -> Outcome {
        process.waitUntilExit()
        let signalled = process.terminationReason == .uncaughtSignal
        return Outcome(
            status: process.terminationStatus + (signalled ? 128 : 0), output: try text(of: "stdout"),
            errors: try text(of: "stderr"))
    }

    /// Whether tests and command were built with ThreadSanitizer.
    static let isThreadSanitized = dlsym(nil, "__tsan_init") != nil

    /// Starts it and waits for its end.
    func run(_ words: [String], environment: [String: String] = [:], limit: Int? = nil) throws -> Outcome {
        try start(words, environment: environment, limit: limit)
        return try wait()
    }

    /// Sends `signal` as soon as the results file holds `rows` rows. A look in the middle of a write is none.
    func send(_ signal: Int32, afterRows rows: Int) async throws {
        while process.isRunning, readableResults().first?.file.rows.count ?? 0 < rows {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(process.isRunning, "it ended before the signal: \((try? text(of: "stderr")) ?? "")")
        kill(process.processIdentifier, signal)
    }

    /// Sends `signal` now.
    func signal(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// The results files below `results`.
    func resultsFiles() -> [String] { readableResults().map(\.path) }

    private func readableResults() -> [(path: String, file: ResultsFile)] {
        let results = folder.appendingPathComponent("results")
        guard let names = FileManager.default.enumerator(atPath: results.path) else { return [] }
        return names.compactMap { $0 as? String }.filter { $0.hasSuffix(".json") }
            .map { results.appendingPathComponent($0).path }
            .compactMap { path in (try? ResultsFile(reading: path)).map { (path, $0) } }
    }

    /// The rows of the only results file, which is strict JSON.
    func savedRows() throws -> [ResultRow] {
        let files = resultsFiles()
        let path = try #require(files.first)
        #expect(files.count == 1)
        _ = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
        return try ResultsFile(reading: path).rows
    }

    /// A file in the folder.
    func text(of name: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
    }

    /// Puts a file into the folder.
    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }

    private func handle(to name: String) throws -> FileHandle {
        try write("", to: name)
        return try FileHandle(forWritingTo: folder.appendingPathComponent(name))
    }
}

/// Tests that run the command take turns: they share the machine's cores.
@Suite(.serialized) struct EndToEndTests {}
