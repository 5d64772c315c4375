import NotifierDispatch
import Testing

@testable import RecordedEvents

/// Recordings as people have them: every flag of strace's that changes how a line looks, in whole files.
@Suite struct StraceVariantsTests {
    private typealias Step = TraceFixture.Step
    private let map = "mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x30000"
    private let unmap = "munmap(0x30000, 8192) = 0"

    /// One unmapping of two pages, whatever stands around it.
    @Test(arguments: [
        ["7     1700000000.000003 munmap(0x30000, 8192) = 0 <0.000025>"],
        ["7     10:56:39.125939 munmap(0x30000, 8192) = 0"],
        ["7     1700000000.000003 munmap(0x30000, 8192) = 0\r"],
        ["\u{1b}[35m7\u{1b}[0m     1700000000.000003 \u{1b}[1;32mmunmap\u{1b}[0m(0x30000, 8192) = 0"],
        [
            "7     1700000000.000003 munmap(0x30000, 8192) = 0", " > /usr/lib/libc.so.6(__munmap+0xb) [0x11ec1b]",
            " > [0x1]",
        ],
        ["7     1700000000.000003 [00007f13a09d2a2a] munmap(0x30000, 8192) = 0"],
        ["7     1700000000.000003 [  11] munmap(0x30000, 8192) = 0"],
        ["7          0.000032 munmap(0x30000, 8192) = 0"],
        ["7     1700000000.000003123 munmap(0x30000, 8192) = 0"],
        [
            "7     1700000000.000003 munmap(0x30000, 8192) = 0",
            "% time     seconds  usecs/call     calls    errors syscall",
            "------ ----------- ----------- --------- --------- ----------------",
            "100.00    0.000112           1        61        15 total", "",
        ],
        ["", "7     1700000000.000003 munmap(0x30000, 8192) = 0", "   "],
        ["7<bash> 1700000000.000003 munmap(0x30000, 8192) = 0"],
        [
            "7     1700000000.000001 brk(NULL) = 0x1000000",
            #"7     1700000000.000002 openat(AT_FDCWD, "/etc/x\")(", O_RDONLY) = 3"#,
            "7     1700000000.000002 mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x30000",
            "7     1700000000.000003 munmap(0x30000, 8192) = 0", "7     1700000000.000004 exit_group(0) = ?",
            "7     1700000000.000005 +++ exited with 0 +++",
        ],
        [
            #"7     1700000000.000000 execve("/bin/true", ["true"], 0x7ffd00000000 /* 20 vars */) = 0"#,
            "7     1700000000.000002 mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x30000",
            "7     1700000000.000003 munmap(0x30000, 8192) = 0", "7     1700000000.000004 exit_group(0) = ?",
        ],
        ["munmap(0x30000, 8192) = 0"],
    ])
    func oneUnmapping(lines: [String]) throws {
        #expect(try TraceFixture.read(lines).expected == [Step(.unmap, 0..<2)], "\(lines)")
    }

    @Test(arguments: [
        "3</srv/data, old/f.bin>", "3</home/u/a(1.bin>", "5</dev/dri/renderD128<char 226:128>>",
        "4<TCP:[127.0.0.1:80->127.0.0.1:9]>", "3</a) = b>",
    ])
    func pathsOfDescriptorsArePassedOver(path: String) throws {
        let trace = try TraceFixture.read([
            "7     1700000000.000002 mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|21<<MAP_HUGE_SHIFT, \(path), 0) = 0x30000",
            "7     1700000000.000003 \(unmap)",
        ])
        #expect(trace.expected == [Step(.unmap, 0..<2)])
        #expect(TraceFixture.error(["7 1.000000 mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 3</a, 0) = 0x30000"]) != nil)
    }

    @Test(arguments: [
        ("0x8 /* MADV_??? */", true), ("0x18 /* MADV_??? */", true), ("0x66", true), ("0x7 /* MADV_??? */", false),
    ])
    func adviceWithoutANameIsKnownByItsNumber(advice: String, clears: Bool) throws {
        let trace = try TraceFixture.read([
            "7     1700000000.000001 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x30000",
            "7     1700000000.000002 madvise(0x30000, 8192, \(advice)) = 0", "7     1700000000.000003 \(unmap)",
        ])
        #expect(trace.expected == (clears ? [Step(.clear, 0..<2)] : []) + [Step(.unmap, 0..<2)])
    }

    @Test func timesAreThoseOfTheirFlag() throws {
        func times(_ first: String, _ second: String) throws -> [UInt64] {
            let trace = try TraceFixture.read(["7     \(first)\(unmap)", "7     \(second)munmap(0x40000, 4096) = 0"])
            #expect(trace.hasTimes == !first.isEmpty)
            return trace.steps.map(\.nanoseconds)
        }
        #expect(try times("1700000000.000000001 ", "1700000001.000000003 ") == [0, 1_000_000_002])
        #expect(try times("10:00:00 ", "10:00:01 ") == [0, 1_000_000_000])
        #expect(try times("23:59:59.500000 ", "00:00:00.500000 ") == [0, 1_000_000_000])
        // The first one is since the line before it, which there is none of. A later one may be shorter.
        #expect(try times("     0.000032 ", "     0.000010 ") == [0, 10_000])
        #expect(try times("", "") == [0, 0])
        let back = TraceFixture.error(["7     10:00:01 \(unmap)", "7     10:00:00 \(unmap)"])
        #expect(back?.line == 2 && back?.message.contains("out of order") == true)
        for mixed in ["10:00:01 ", "     0.000010 ", ""] {
            let error = TraceFixture.error(["7     1700000000.000000 \(unmap)", "7     \(mixed)\(unmap)"])
            #expect(error?.line == 2 && error?.message == "not a line that strace -f -ttt writes")
        }
        let long = TraceFixture.error([
            "7          0.000000 \(unmap)", "7          9999999999.999999 \(unmap)",
            "7          9999999999.999999 \(unmap)",
        ])
        #expect(long?.line == 3)
    }

    @Test func aTerminalShowsThreadsOnlyWhileThereAreSeveral() throws {
        let trace = try TraceFixture.read([
            "brk(NULL) = 0x1000000",
            "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x30000",
            "clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>", "strace: Process 8 attached",
            "[pid     8] munmap(0x30000, 4096) = 0",
            "[pid     7] <... clone resumed>) = 8", "[pid     8] exit_group(0) = ?",
            "[pid     8] +++ exited with 0 +++",
            "munmap(0x30000, 8192) = 0", "exit_group(0) = ?", "+++ exited with 0 +++",
        ])
        // The child unmaps a page of its copy; the parent both pages of its own space.
        let unmaps = trace.expected.filter { $0.event == .unmap }.map(\.pages)
        #expect(unmaps.map(\.count) == [1, 2] && unmaps.last?.overlaps(unmaps[0]) == false)
        #expect(TraceFixture.error(["7     1.000000 \(unmap)", "[pid 7] 1.000001 \(unmap)"])?.line == 2)
    }

    @Test func theChildOfAnotherNamespaceIsTheThreadOfTheComment() throws {
        let lines = [
            "7     1700000000.000001 brk(NULL) = 0x1000000",
            "7     1700000000.000002 clone(child_stack=NULL, flags=CLONE_NEWPID|SIGCHLD) = 2 /* 8 in strace's PID NS */",
            "8     1700000000.000003 \(map)", "8     1700000000.000003 \(unmap)",
            "8     1700000000.000004 exit_group(0) = ?",
            "8     1700000000.000005 +++ exited with 0 +++", "7     1700000000.000006 exit_group(0) = ?",
            "7     1700000000.000007 +++ exited with 0 +++",
        ]
        #expect(try TraceFixture.read(lines).expected == [Step(.unmap, 0..<2)])
    }

    @Test func whoMayBeQuietAboutEnds() throws {
        let lines = [
            "7     brk(NULL) = 0x1000", "7     \(map)", "7     \(unmap)", "8     exit(0) = ?",
            "7     exit_group(0) = ?",
        ]
        #expect(try TraceFixture.read(lines).steps.count == 1)
        // One that told of an end tells of all.
        let told = TraceFixture.error(lines + ["8     +++ exited with 0 +++"])
        #expect(told?.message.contains("thread 7 still runs") == true)
        #expect(TraceFixture.error(Array(lines.dropLast()))?.message.contains("still runs") == true)
    }

    /// What QEMU's `-strace`, a journal and a table of passwords look like.
    @Test(arguments: [
        "77 brk(NULL) = 0x0000000000c2b000 ; qemu",
        "Nov 29 15:00:00 host kernel: [1.0] hello", "root:x:0:0:root:/root:/bin/bash",
    ])
    func whatIsNoRecordingIsToldHowToRecord(first: String) {
        let error = TraceFixture.error([first, "more of it"])
        #expect(error?.message.hasPrefix("neither a line of strace -f -ttt nor an event") == true, "\(error!)")
        #expect(error?.message.hasSuffix(TraceLines.howToRecord) == true)
    }

    @Test func aWrongLineKeepsItsMessage() {
        for (wrong, message) in [
            ("7     1700000000.000004 munmap(0x30000, 8192 = 0", "not a line that strace -f -ttt writes"),
            ("7     1700000000.000004 munmap(0x30000) = 0", "arguments that strace does not write for this call"),
            ("\u{1b}[3", "not a line that strace -f -ttt writes"),
        ] {
            let error = TraceFixture.error(["7     1700000000.000003 \(unmap)", wrong])
            #expect(error?.line == 2 && error?.message == message, "\(wrong)")
        }
    }
}
