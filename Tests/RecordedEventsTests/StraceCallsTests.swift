import Testing

@testable import RecordedEvents

/// What lines mean together: the order that strace keeps, and each way to break it, with the line that is blamed.
@Suite struct TraceStraceCallsTests {
    private let unmap = "munmap(0x10000, 4096)"

    private func expectFault(_ lines: [String], line: Int, _ part: String) {
        let error = TraceFixture.error(lines)
        #expect(error?.line == line)
        #expect(error?.message.contains(part) == true, "\(String(describing: error))")
    }

    @Test func resumedWithoutItsBeginning() {
        expectFault(["1 1.000000 \(unmap) = 0", "1 1.000001 <... munmap resumed>) = 0"], line: 2, "did not begin")
    }

    @Test func resumedAsAnotherCall() {
        expectFault(
            ["1 1.000000 munmap(0x10000, 4096 <unfinished ...>", "1 1.000001 <... mprotect resumed>) = 0"], line: 2,
            "line 1")
    }

    @Test func aSecondCallWhileTheFirstIsUnfinished() {
        let begun = "1 1.000000 munmap(0x10000, 4096 <unfinished ...>"
        expectFault([begun, "1 1.000001 \(unmap) = 0"], line: 2, "still in the munmap of line 1")
        expectFault([begun, "2 1.000001 \(unmap) = 0", "1 1.000002 brk( <unfinished ...>"], line: 3, "still in")
    }

    @Test func timeGoesBackwards() {
        expectFault(["1 1.000001 \(unmap) = 0", "1 1.000000 \(unmap) = 0"], line: 2, "out of order")
    }

    @Test func neverResumed() {
        expectFault(
            ["1 1.000000 \(unmap) = 0", "1 1.000001 munmap(0x10000, 4096 <unfinished ...>", "2 1.000002 \(unmap) = 0"],
            line: 2, "never resumed")
    }

    @Test func neverResumedSinceTheThreadEnded() throws {
        let trace = try TraceFixture.read([
            "1 1.000000 \(unmap) = 0", "1 1.000001 munmap(0x10000, 4096 <unfinished ...>",
            "1 1.000002 +++ killed by SIGKILL +++",
        ])
        #expect(trace.steps.count == 1)
    }

    @Test func neverResumedSinceStraceLetGo() throws {
        let trace = try TraceFixture.read([
            "1 1.000000 \(unmap) = 0", "1 1.000001 munmap(0x10000, 4096 <unfinished ...>",
            "2 1.000002 munmap(0x20000, 4096 <detached ...>",
        ])
        #expect(trace.steps.count == 1)
    }

    @Test func exitGroupNeedNotBeResumed() throws {
        let trace = try TraceFixture.read(["1 1.000000 \(unmap) = 0", "1 1.000001 exit_group(0 <unfinished ...>"])
        #expect(trace.steps.count == 1)
    }

    @Test func aProgramThatStraceStartedMustEnd() throws {
        let lines = [
            "1 1.000000 brk(NULL) = 0x1000",
            "1 1.000001 mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000",
            "1 1.000001 \(unmap) = 0", "1 1.000002 exit_group(0) = ?",
            "1 1.000003 +++ exited with 0 +++",
        ]
        #expect(try TraceFixture.read(lines).steps.count == 1)
        // The last line may be missing: strace -qq leaves it out.
        #expect(try TraceFixture.read(Array(lines.dropLast())).steps.count == 1)
        expectFault(Array(lines.dropLast(2)), line: 3, "thread 1 still runs")
        #expect(try TraceFixture.read(Array(lines[2..<3])).steps.count == 1)
    }

    @Test func joinedArgumentsThatDoNotParse() {
        expectFault(
            ["1 1.000000 munmap(0x10000, <unfinished ...>", "1 1.000001 <... munmap resumed>) = 0"], line: 2,
            "arguments")
    }

    @Test func threadColumnIsThereOrNot() {
        expectFault(["1 1.000000 \(unmap) = 0", "1.000001 \(unmap) = 0"], line: 2, "strace -f -ttt")
        expectFault(["1.000000 \(unmap) = 0", "1 1.000001 \(unmap) = 0"], line: 2, "strace -f -ttt")
    }
}
