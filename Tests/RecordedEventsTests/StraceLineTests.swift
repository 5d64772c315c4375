import Testing

@testable import RecordedEvents

@Suite struct TraceStraceLineTests {
    private func line(_ text: String) throws -> StraceLine { try StraceLine(Array(text.utf8)[...]) }

    private func describe(_ line: StraceLine) -> String {
        func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
        return switch line.content {
        case .call(let name, let arguments, let result): "call \(name)|\(text(arguments))|\(result)"
        case .unfinished(let name, let arguments): "unfinished \(name)|\(text(arguments))"
        case .resumed(let name, let arguments, let result): "resumed \(name)|\(text(arguments))|\(result)"
        case .detached: "detached"
        case .passedOver(let name): "passed over \(name)"
        case .threadEnded: "ended"
        case .superseded(let by): "superseded \(by)"
        }
    }

    @Test(arguments: [
        ("brk(NULL)       = 0x1000", "call brk|NULL|value(4096)"),
        ("munmap(0x1000, 4096) = 0", "call munmap|0x1000, 4096|value(0)"),
        ("munlockall() = -1 EPERM (Operation not permitted)", "call munlockall||failed(\"EPERM\")"),
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
        ("--- SIGCHLD {si_signo=SIGCHLD} ---", "passed over "),
        ("openat(AT_FDCWD, \"/a) = 3\", O_RDONLY) = 3</a>", "passed over openat"),
        ("write(1, \"a\", 1 <unfinished ...>", "passed over write"), ("<... write resumed>) = 1", "passed over write"),
        ("munmap(0x1000, 4096) = 0 <0.000025>", "call munmap|0x1000, 4096|value(0)"),
        ("<... munmap resumed>) = 0 <1.5>", "resumed munmap||value(0)"),
        (
            "mprotect(0x1000, 4096, PROT_NONE) = -1 ENOMEM (Cannot allocate memory) <0.000012>",
            "call mprotect|0x1000, 4096, PROT_NONE|failed(\"ENOMEM\")"
        ),
        ("clone(flags=SIGCHLD) = 2 /* 8 in strace's PID NS */", "call clone|flags=SIGCHLD|value(8)"),
        ("memfd_secret(0) = 3<anon_inode:[secretmem]>", "call memfd_secret|0|value(3)"),
        ("[  11] munmap(0x1000, 4096) = 0", "call munmap|0x1000, 4096|value(0)"),
        ("[00007f13a09d2a2a] munmap(0x1000, 4096) = 0", "call munmap|0x1000, 4096|value(0)"),
        ("[  11] [????????????????] munmap(0x1000, 4096) = 0", "call munmap|0x1000, 4096|value(0)"),
        ("+++ exited with 255 +++", "ended"),
        ("+++ killed by SIGSEGV (core dumped) +++", "ended"),
        ("+++ superseded by execve in pid 28 +++", "superseded 28"),
    ])
    func everyFormIsUnderstood(_ text: String, _ expected: String) throws {
        let line = try line("4242  1795226087.742750 \(text)")
        #expect(line.column == .file(4242))
        #expect("\(line.time)" == "sinceEpoch(1795226087742750000)")
        #expect(describe(line) == expected)
    }

    @Test(arguments: [
        ("7     1795226087.742750123 ", "file(7)", "sinceEpoch(1795226087742750123)"),
        ("7     1795226087.742 ", "file(7)", "sinceEpoch(1795226087742000000)"),
        ("7     10:56:39 ", "file(7)", "ofDay(39399000000000)"),
        ("7     10:56:39.125939 ", "file(7)", "ofDay(39399125939000)"),
        ("7          0.000032 ", "file(7)", "sinceLast(32000)"),
        ("4194304      0.000032 ", "file(4194304)", "sinceLast(32000)"),
        ("7     1795226087.742750 (+     0.000032) ", "file(7)", "sinceEpoch(1795226087742750000)"),
        ("7     ", "file(7)", "none"), ("", "none", "none"), ("     0.000032 ", "none", "sinceLast(32000)"),
        ("10:56:39.125939 ", "none", "ofDay(39399125939000)"),
        ("7<bash> 1795226087.742750 ", "file(7)", "sinceEpoch(1795226087742750000)"),
        ("7<a b>      0.000032 ", "file(7)", "sinceLast(32000)"),
        ("[pid     7] ", "terminal(7)", "none"),
        ("[pid 12345<bash>] 10:56:39 ", "terminal(12345)", "ofDay(39399000000000)"),
        ("[pid     7]      0.000032 ", "terminal(7)", "sinceLast(32000)"),
    ])
    func everyFrontIsUnderstood(_ front: String, _ column: String, _ time: String) throws {
        let line = try line(front + "munmap(0x1000, 4096) = 0")
        #expect("\(line.column)" == column)
        #expect("\(line.time)" == time)
        #expect(describe(line) == "call munmap|0x1000, 4096|value(0)")
    }

    @Test func withoutFollowingForksThereIsNoThread() throws {
        let line = try line("1795226087.742750 brk(NULL) = 0x1000")
        #expect(line.column == .none)
        #expect(describe(line) == "call brk|NULL|value(4096)")
    }

    @Test(arguments: [
        "", " ", "21560 17952260", "21560", "21560 1795226117.33 brk(NULL) = 0x1",
        "21560 1795226117.3333330 brk(NULL) = 0x1",
        "21560 99999999999.333333 brk(NULL) = 0x1", "99999999999 1.000000 brk(NULL) = 0x1",
        "0 1.000000 brk(NULL) = 0x1",
        "7 1.000000 brk(NULL) 0x1", "7 1.000000 brk(NULL) =", "7 1.000000 brk(NULL)= 0x1", "7 1.000000 brk(NULL = 0x1",
        "7 1.000000 brk(NULL) = 0x", "7 1.000000 brk(NULL) = 0x11111111111111111", "7 1.000000 brk(NULL) = -1",
        "7 1.000000 munmap(0x1, 1) = 07 1.000001 brk(NULL) = 0x", "7 1.000000 open(\"x\") 3", "7 1.000000 Open(1) = 3",
        "7 24:00:00 brk(NULL) = 0x1", "7 10:60:00 brk(NULL) = 0x1", "7 1:00:00 brk(NULL) = 0x1",
        "7<bash 1.000000 brk(NULL) = 0x1", "[pid 0] brk(NULL) = 0x1", "[pid x] brk(NULL) = 0x1",
        "7 1.000000 [ brk(NULL) = 0x1", "7 1.000000 [xyz] brk(NULL) = 0x1", "7 1.000000 (+ 1 brk(NULL) = 0x1",
        "7 1.000000 clone(flags=SIGCHLD) = 2 /* 8 elsewhere */",
        "7 1.000000 m\u{e9}(1) = 0",
        "7 1.000000 --- SIGCHLD", "7 1.000000 +++ exited with", "7 1.000000 +++ exited with 0 ++",
        "7 1.000000 +++ gone +++",
        "7 1.000000 <... brk resumed", "7 1.000000 <... brk resumed>) 0", "7 1.000000 brk(NULL <unfinish",
        "7 1.000000 brk",
        "strace: Process 12 attached", "7 1.000000 brk(NULL) = 0x1\r",
    ])
    func anythingElseIsRefused(_ text: String) {
        #expect(throws: LineFault.self) { try line(text) }
    }
}
