import Foundation
import Testing

@testable import InvbenchCommand

/// One after the other: one of them counts file descriptors.
@Suite(.serialized) struct ChildProcessTests {
    /// Each of its streams gets more than a pipe holds, standard error first.
    private static let talkative = "yes errors | head -c 1000000 >&2; yes output | head -c 1000000"

    @Test func bothStreamsAreReadWhole() async throws {
        let process = try await Self.run("bash", ["-c", Self.talkative])
        #expect(process.status == 0)
        #expect(process.output.utf8.count == 1_000_000 && process.output.hasPrefix("output\n"))
        #expect(process.errors.utf8.count == 1_000_000 && process.errors.hasPrefix("errors\n"))
    }

    @Test func theEndIsTold() async throws {
        let process = try await Self.run("/bin/bash", ["-c", "cat; exit 7"])
        #expect(process.status == 7)
        #expect(process.signal == nil)
        let crashed = try await Self.run("bash", ["-c", "kill -SEGV $$"])
        #expect(crashed.status == 128 + SIGSEGV)
        #expect(crashed.signal == SIGSEGV)
    }

    @Test(arguments: ["/nothing/here", "invbench-nothing-here", "/tmp"])
    func whatCannotBeStartedIsAnError(program: String) async {
        await #expect(throws: ChildProcess.NotStarted.self) { try await Self.run(program, []) }
    }

    @Test func threadsMayRunProcessesAtOnce() async throws {
        let statuses = try await withThrowingTaskGroup(of: Int32.self) { group in
            for status in Int32(1)...8 {
                group.addTask { try await Self.run("bash", ["-c", "sleep 0.05; exit \(status)"]).status }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(statuses == Set(1...8))
    }

    /// `INVBENCH_LAUNCHES=20000 swift test --filter ChildProcessTests` starts so many processes, every twentieth of which
    /// writes a megabyte to each stream.
    @Test(.enabled(if: launches != nil))
    func launchesDoNotFailOrLeak() async throws {
        // The first one opens what all of them share.
        _ = try await Self.run("/bin/true", [])
        let before = try Self.openDescriptors()
        let start = ContinuousClock.now
        let failures = try await Self.onThread { Self.failures(ofLaunches: Self.launches ?? 1) }
        let after = try Self.openDescriptors()
        print(
            "\(Self.launches ?? 1) launches in \(ContinuousClock.now - start): \(failures.count) failures, "
                + "\(before) file descriptors before, \(after) after")
        #expect(failures == [])
        #expect(after == before)
    }

    /// What went wrong, a line each.
    private static func failures(ofLaunches count: Int) -> [String] {
        (1...count).compactMap { number in
            let isTalkative = number.isMultiple(of: 20)
            do {
                let process =
                    isTalkative
                    ? try ChildProcess.run("bash", ["-c", talkative]) : try ChildProcess.run("/bin/true", [])
                let bytes = process.output.utf8.count + process.errors.utf8.count
                let isRight = process.status == 0 && bytes == (isTalkative ? 2_000_000 : 0)
                return isRight ? nil : "\(number): status \(process.status), \(bytes) bytes"
            } catch {
                return "\(number): \(error)"
            }
        }
    }

    private static let launches = ProcessInfo.processInfo.environment["INVBENCH_LAUNCHES"].flatMap(Int.init)

    private static func openDescriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    private static func run(_ program: String, _ arguments: [String]) async throws -> ChildProcess {
        try await onThread { try ChildProcess.run(program, arguments) }
    }

    /// On a thread that no task runs on.
    private static func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value
    {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
        }
    }
}
