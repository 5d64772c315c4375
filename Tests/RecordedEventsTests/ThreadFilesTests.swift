import Foundation
import Testing

@testable import RecordedEvents

/// Recordings of `strace -ff`.
@Suite struct ThreadFilesTests {
    /// What `strace -f -ttt` writes of a program that starts a thread and forks, each call on one line.
    private static let lines = [
        "7     10.000000 execve(\"/bin/a\", [\"a\"], 0x7ffd00000000 /* 1 var */) = 0",
        "7     10.000001 brk(NULL)         = 0x600000000000",
        "7     10.000002 mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000",
        "7     10.000003 clone(child_stack=0x7f0000004000, flags=CLONE_VM|CLONE_THREAD) = 12",
        "12    10.000004 munmap(0x7f0000001000, 4096) = 0",
        "7     10.000005 fork()            = 1300",
        "1300  10.000006 munmap(0x7f0000000000, 4096) = 0",
        "12    10.000007 madvise(0x7f0000002000, 8192, MADV_DONTNEED) = 0",
        "1300  10.000008 exit_group(0)     = ?",
        "1300  10.000009 +++ exited with 0 +++",
        "7     10.000010 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=1300} ---",
        "7     10.000011 mprotect(0x7f0000002000, 4096, PROT_READ) = 0",
        "12    10.000012 +++ exited with 0 +++",
        "7     10.000013 exit_group(0)     = ?",
        "7     10.000014 +++ exited with 0 +++",
    ]

    /// Each thread's lines as `-ff` writes them, changed by `change`.
    private static func files(_ change: (String) -> String = { $0 }) -> [String: String] {
        Dictionary(grouping: lines) { String($0.prefix { $0 != " " }) }.mapValues { lines in
            lines.map { change(String($0.drop { $0 != " " }.drop { $0 == " " })) + "\n" }.joined()
        }
    }

    /// Reads `files`, by what stands behind `test.strace.` in their names, as the recording `test.strace`.
    private func read(_ files: [String: String]) throws -> Trace {
        let folder = FileManager.default.temporaryDirectory.appending(path: "invbench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (suffix, text) in files {
            try Data(text.utf8).write(to: folder.appending(path: "test.strace.\(suffix)"))
        }
        return try Trace(contentsOf: folder.appending(path: "test.strace").path)
    }

    private func failure(_ files: [String: String]) -> TraceError? {
        #expect(throws: TraceError.self) { try read(files) }
    }

    @Test func theyAreTheRecordingThatOneFileWouldBe() throws {
        let one = try TraceFixture.read(Self.lines)
        #expect(one.steps.count > 3 && one.source?.addressSpaces == 2)
        let set = try read(Self.files())
        #expect(set.steps == one.steps)
        #expect(set.name == "test" && set.pages == one.pages && set.source == one.source)
        let ofDay = try read(Self.files { "13:20:" + $0 })
        #expect(ofDay.steps == one.steps)
    }

    @Test func otherFilesAreNoneOfThem() throws {
        var files = Self.files()
        files["12.old"] = "nonsense\n"
        files["007"] = "nonsense\n"
        files["x"] = "nonsense\n"
        // A thread of which nothing was recorded.
        files["99"] = ""
        #expect(try read(files).steps == TraceFixture.read(Self.lines).steps)
        #expect(failure(["x": "nonsense\n"])?.message.contains("cannot be opened") == true)
    }

    @Test func theFileItselfGoesBeforeThem() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "invbench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("7 1.000000 munmap(0x10000, 4096) = 0\n".utf8).write(to: folder.appending(path: "a.strace"))
        try Data("nonsense\n".utf8).write(to: folder.appending(path: "a.strace.7"))
        #expect(try Trace(contentsOf: folder.appending(path: "a.strace").path).steps.count == 1)
    }

    @Test func withoutAbsoluteTimesTheyAreRefused() throws {
        for change: (String) -> String in [
            { String($0.drop { $0 != " " }.dropFirst()) }, { "     0.000012" + $0.drop { $0 != " " } },
        ] {
            let error = try #require(failure(Self.files(change)))
            #expect(error.file.hasSuffix("test.strace.7") && error.line == 1)
            #expect(error.message.contains("record with -ttt, or with -f"), "\(error)")
        }
        var files = ["7": "23:59:59.000000 munmap(0x10000, 4096) = 0\n"]
        files["8"] = "00:00:01.000000 munmap(0x10000, 4096) = 0\n"
        #expect(failure(files)?.message.contains("midnight") == true)
    }

    @Test func aDamagedLineIsNamedInItsFile() throws {
        var files = Self.files()
        files["12"] = files["12"]?.replacing("MADV_DONTNEED", with: "MADV_NONSENSE")
        let damaged = try #require(failure(files))
        #expect(damaged.file.hasSuffix("test.strace.12") && damaged.line == 2)
        #expect(damaged.text?.hasPrefix("10.000007 madvise") == true)
        files = Self.files()
        files["1300"]?.removeLast(3)
        #expect(failure(files)?.file.hasSuffix("test.strace.1300") == true)
        // Whole lines are missing at the end.
        files = Self.files()
        files["12"] = files["12"]?.split(separator: "\n").prefix(1).map { $0 + "\n" }.joined()
        #expect(failure(files)?.message.contains("still runs") == true)
        files["12"] = "12 10.000004 munmap(0x7f0000001000, 4096) = 0\n"
        #expect(failure(files)?.message.contains("a thread's id") == true)
    }
}
