import Testing

@testable import InvalidationStorm

@Suite struct TraceStraceLineTests {
    private func line(_ text: String) throws -> StraceLine { try StraceLine(Array(text.utf8)[...]) }

    private func describe(_ line: StraceLine) -> String {
        func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
        return switch line.content {
        case .call(let name, let arguments, let result): "call \(name)|\(text(arguments))|\(result)"
        case .unfinished(let name, let arguments): "unfinished \(name)|\(text(arguments))"
        case .resumed(let name, let arguments, let result): "resumed \(name)|\(text(arguments))|\(result)"
        case .detached: "detached"
        case .signal: "signal"
        case .threadEnded: "ended"
        case .superseded(let by): "superseded \(by)"
        }
    }

    @Test(arguments: [
        ("brk(NULL)       = 0x1000", "call brk|NULL|value(4096)"),
        ("munmap(0x1000, 4096) = 0", "call munmap|0x1000, 4096|value(0)"),
        ("munlockall() = -1 EPERM (Operation not permitted)", "call munlockall||failed"),
        ("exit_group(0) = ?", "call exit_group|0|unknown"),
        ("fork() = ? ERESTARTNOINTR (To be restarted)", "call fork||unknown"),
        ("madvise(0x1000, 4096, MADV_FREE) = ? <unavailable>", "call madvise|0x1000, 4096, MADV_FREE|unknown"),
        ("vfork( <unfinished ...>", "unfinished vfork|"),
        ("munmap(0x1000, 4096 <unfinished ...>", "unfinished munmap|0x1000, 4096"),
        ("mincore(0x1000, 4096,  <unfinished ...>", "unfinished mincore|0x1000, 4096, "),
        ("<... munmap resumed>) = 0", "resumed munmap||value(0)"),
        ("<... clone resumed>, child_tidptr=0x7) = 12", "resumed clone|, child_tidptr=0x7|value(12)"),
        ("<... ??? resumed>) = ?", "resumed ???||unknown"),
        ("munmap(0x1000, 4096 <detached ...>", "detached"),
        ("--- SIGCHLD {si_signo=SIGCHLD} ---", "signal"),
        ("+++ exited with 255 +++", "ended"),
        ("+++ killed by SIGSEGV (core dumped) +++", "ended"),
        ("+++ superseded by execve in pid 28 +++", "superseded 28"),
    ])
    func everyFormIsUnderstood(_ text: String, _ expected: String) throws {
        let line = try line("4242  1795226087.742750 \(text)")
        #expect(line.thread == 4242)
        #expect(line.microseconds == 1_795_226_087_742_750)
        #expect(describe(line) == expected)
    }

    @Test func withoutFollowingForksThereIsNoThread() throws {
        let line = try line("1795226087.742750 brk(NULL) = 0x1000")
        #expect(line.thread == nil)
        #expect(describe(line) == "call brk|NULL|value(4096)")
    }

    @Test(arguments: [
        "", " ", "21560 17952260", "21560", "21560 1795226117.33 brk(NULL) = 0x1",
        "21560 1795226117.3333330 brk(NULL) = 0x1",
        "21560 99999999999.333333 brk(NULL) = 0x1", "99999999999 1.000000 brk(NULL) = 0x1",
        "0 1.000000 brk(NULL) = 0x1",
        "7 1.000000 brk(NULL) 0x1", "7 1.000000 brk(NULL) =", "7 1.000000 brk(NULL)= 0x1", "7 1.000000 brk(NULL = 0x1",
        "7 1.000000 brk(NULL) = 0x", "7 1.000000 brk(NULL) = 0x11111111111111111", "7 1.000000 brk(NULL) = -1",
        "7 1.000000 munmap(0x1, 1) = 07 1.000001 brk(NULL) = 0x", "7 1.000000 open(\"x\") = 3",
        "7 1.000000 m\u{e9}(1) = 0",
        "7 1.000000 --- SIGCHLD", "7 1.000000 +++ exited with", "7 1.000000 +++ exited with 0 ++",
        "7 1.000000 +++ gone +++",
        "7 1.000000 <... brk resumed", "7 1.000000 <... brk resumed>) 0", "7 1.000000 brk(NULL <unfinish",
        "7 1.000000 brk",
        "[pid 12] 1.000000 brk(NULL) = 0x1", "strace: Process 12 attached", "7 1.000000 brk(NULL) = 0x1\r",
    ])
    func anythingElseIsRefused(_ text: String) {
        #expect(throws: LineFault.self) { try line(text) }
    }
}
