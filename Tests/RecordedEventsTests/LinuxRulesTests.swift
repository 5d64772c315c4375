import Foundation
import NotifierDispatch
import Testing

@testable import RecordedEvents

/// Where the rules of Linux 6.1 and 6.12 differ. Both kernels themselves are asked by Scripts/check-kernel-events.
@Suite struct LinuxRulesTests {
    private static let anonymous = "MAP_PRIVATE|MAP_ANONYMOUS, -1, 0"

    /// What a program raises by each kernel's rules, from its first call on.
    private func raised(_ calls: [String], by rules: LinuxRules) throws -> [String] {
        try TraceFixture.withFile("rules.strace") { path in
            let all = ["brk(NULL) = 0x500000"] + calls + ["exit_group(0) = ?", "+++ exited with 0 +++"]
            let lines = all.enumerated().map { "100 1000.\(100_000 + $0) \($1)\n" }
            try Data(lines.joined().utf8).write(to: URL(filePath: path))
            return try KernelEvents(contentsOf: path, by: rules).steps.map {
                "\($0.event) \(String($0.pages.lowerBound, radix: 16)) \(String($0.pages.upperBound, radix: 16))"
            }
        }
    }

    @Test func mprotectOfTouchedMemoryIsCutAtEachGiBOrEach512GiB() throws {
        let calls = [
            "mmap(NULL, 8192, PROT_READ|PROT_WRITE, \(Self.anonymous)) = 0x3ffff000",
            "mprotect(0x3ffff000, 8192, PROT_READ) = 0",
            "mmap(NULL, 8192, PROT_READ|PROT_WRITE, \(Self.anonymous)) = 0x7ffffff000",
            "mprotect(0x7ffffff000, 8192, PROT_READ) = 0",
        ]
        let last = ["protectionVMA 7ffffff 8000000", "protectionVMA 8000000 8000001"]
        #expect(
            try raised(calls, by: .linux6_1)
                == ["protectionVMA 3ffff 40000", "protectionVMA 40000 40001"] + last)
        #expect(try raised(calls, by: .linux6_12) == ["protectionVMA 3ffff 40001"] + last)
    }

    @Test func mprotectOfUntouchedMemoryBeginsAtTouched2MiBOrTouchedGiB() throws {
        let calls = [
            // Above the others: where the kernel puts what it chooses.
            "mmap(NULL, 4096, PROT_NONE, \(Self.anonymous)) = 0x7f0000000000",
            "mmap(NULL, 1073741824, PROT_NONE, \(Self.anonymous)) = 0x3fe00000",
            "mmap(0x7fe00000, 4096, PROT_READ|PROT_WRITE, \(Self.anonymous)) = 0x7fe00000",
            "mprotect(0x3fe00000, 1073741824, PROT_READ|PROT_WRITE) = 0",
            "mmap(NULL, 8192, PROT_NONE, \(Self.anonymous)) = 0x110000000",
            "mprotect(0x110000000, 4096, PROT_READ|PROT_WRITE) = 0",
            "mmap(NULL, 8192, PROT_NONE, \(Self.anonymous)) = 0x7effffffe000",
            "mmap(NULL, 8192, PROT_NONE, \(Self.anonymous)) = 0x7f0000200000",
            "mprotect(0x7f0000200000, 4096, PROT_READ|PROT_WRITE) = 0",
        ]
        #expect(try raised(calls, by: .linux6_1).isEmpty)
        #expect(
            try raised(calls, by: .linux6_12) == ["protectionVMA 40000 7fe00", "protectionVMA 7f0000200 7f0000201"])
    }

    @Test func mprotectOfWhatExecveMappedIsTakenAsTouched() throws {
        for rules in LinuxRules.allCases {
            #expect(try raised(["mprotect(0x400000, 4096, PROT_READ) = 0"], by: rules) == ["protectionVMA 400 401"])
        }
    }

    @Test func aMappingJoinsTheNextOneOrTheOneBefore() throws {
        let writable = "PROT_READ|PROT_WRITE, \(Self.anonymous)"
        let calls = [
            "mmap(NULL, 8192, \(writable)) = 0x10000", "mmap(NULL, 8192, \(writable)) = 0x14000",
            "mmap(NULL, 8192, \(writable)) = 0x12000", "madvise(0x10000, 24576, MADV_DONTNEED) = 0",
        ]
        #expect(try raised(calls, by: .linux6_1) == ["clear 10 12", "clear 12 16"])
        #expect(try raised(calls, by: .linux6_12) == ["clear 10 14", "clear 14 16"])
    }

    @Test func hugetlbPagesThatAreDroppedAreUnmappedTwiceOrOnce() throws {
        let calls = [
            "mmap(NULL, 2097152, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB, -1, 0) = 0x200000",
            "munmap(0x200000, 2097152) = 0",
        ]
        #expect(try raised(calls, by: .linux6_1) == ["unmap 200 400", "unmap 200 400"])
        #expect(try raised(calls, by: .linux6_12) == ["unmap 200 400"])
    }
}
