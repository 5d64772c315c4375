import Foundation
import Subprocess
import Synchronization

/// A process that this one has started and seen end.
struct ChildProcess: Sendable {
    /// The exit code; 128 and the signal where a signal ended it, as a shell counts.
    let status: Int32
    /// The signal that ended it, if one did.
    let signal: Int32?
    /// What it wrote to standard output; empty if that was passed on.
    let output: String
    /// What it wrote to standard error; empty if that was passed on.
    let errors: String

    /// Where its words go.
    enum Streams: Sendable {
        /// Both streams are read while it runs, whole, and kept.
        case kept
        /// Both go to this process's standard error.
        case passedOn
        /// It has this process's streams, input with them, and its terminal: it stays in this process's group.
        case shared
    }

    /// Why it could not be started, in the system's words.
    struct NotStarted: Error {
        let reason: String
    }

    /// Runs `program` with `arguments` to its end, without input unless streams are shared. A name without a slash is looked
    /// up in `PATH`. While one with shared streams runs, `attend` is called four times a second, with its process id.
    ///
    /// Unless streams are shared it leads a process group of its own, so a signal from the terminal reaches this process
    /// alone. If ``Interruption`` takes one, the group is terminated, and killed after 10 s.
    ///
    /// The calling thread waits for tasks that need a thread of the pool which all tasks share. So it must be none of
    /// those: it is a programming error to call this from a task, unless that runs on the main thread.
    ///
    /// Throws ``NotStarted``, and ``ExitStatus/interrupted(signal:)`` whatever the process came to then.
    static func run(
        _ program: String, _ arguments: [String], streams: Streams = .kept, attend: (Int32) -> Void = { _ in }
    ) throws -> ChildProcess {
        withUnsafeCurrentTask {
            precondition($0 == nil || Thread.isMainThread, "a task that waits for tasks may wait for ever")
        }
        let end = DispatchSemaphore(value: 0)
        let outcome = Outcome()
        let task = Task.detached {
            do {
                let ended = try await ended(program, arguments, streams: streams) { process in
                    outcome.process.store(process, ordering: .relaxed)
                }
                outcome.result.withLock { $0 = .success(ended) }
            } catch {
                outcome.result.withLock { $0 = .failure(error) }
            }
            end.signal()
        }
        // A signal's handler cannot cancel a task, so the flag that it leaves is looked at from time to time.
        while end.wait(timeout: .now() + .milliseconds(250)) == .timedOut {
            if Interruption.signal != nil { task.cancel() }
            let process = outcome.process.load(ordering: .relaxed)
            if process != 0 { attend(process) }
        }
        if let signal = Interruption.signal { throw ExitStatus.interrupted(signal: signal) }
        switch outcome.result.withLock({ $0 }) {
        case .success(let ended)?: return ended
        case .failure(let error as SubprocessError)? where error.code == .executableNotFound:
            throw NotStarted(reason: "not found, or not executable")
        case .failure(let error as SubprocessError)?:
            throw NotStarted(reason: error.underlyingError.map { "\($0)" } ?? error.description)
        case .failure(let error)?: throw error
        case nil: preconditionFailure("the task has ended without an outcome")
        }
    }

    private static func ended(
        _ program: String, _ arguments: [String], streams: Streams, started: @Sendable (Int32) -> Void
    ) async throws -> ChildProcess {
        var options = PlatformOptions()
        if streams != .shared { options.processGroupID = 0 }
        options.teardownSequence = [
            .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(10))
        ]
        let configuration = Configuration(
            executable: program.contains("/") ? .path(.init(program)) : .name(program),
            arguments: Arguments(arguments), platformOptions: options)
        switch streams {
        case .kept:
            let result = try await Subprocess.run(
                configuration, output: .bytes(limit: .max), error: .bytes(limit: .max))
            return ChildProcess(
                result.terminationStatus, output: result.standardOutput, errors: result.standardError)
        case .passedOn:
            let result = try await Subprocess.run(
                configuration, output: .currentStandardError, error: .currentStandardError)
            return ChildProcess(result.terminationStatus, output: [], errors: [])
        case .shared:
            let result = try await Subprocess.run(
                configuration, input: .currentStandardInput, output: .currentStandardOutput,
                error: .currentStandardError
            ) { started($0.processIdentifier.value) }
            return ChildProcess(result.terminationStatus, output: [], errors: [])
        }
    }

    private init(_ ending: TerminationStatus, output: [UInt8], errors: [UInt8]) {
        switch ending {
        case .exited(let code): (status, signal) = (code, nil)
        case .signaled(let number): (status, signal) = (128 + number, number)
        }
        self.output = String(decoding: output, as: UTF8.self)
        self.errors = String(decoding: errors, as: UTF8.self)
    }

    /// What a run came to, for the thread that waits for it.
    private final class Outcome: Sendable {
        /// The process's id; 0 until it has started, and where nobody asks.
        let process = Atomic<Int32>(0)
        let result = Mutex<Result<ChildProcess, any Error>?>(nil)
    }
}
