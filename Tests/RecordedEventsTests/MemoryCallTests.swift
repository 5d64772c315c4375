import Testing

@testable import RecordedEvents

@Suite struct TraceMemoryCallTests {
    private func parse(_ name: String, _ arguments: String, _ value: UInt64) throws -> MemoryCall? {
        try MemoryCall.parse(name, Array(arguments.utf8)[...], value: value)
    }

    @Test func mmapSaysWhatIsMappedWhere() throws {
        let call = try parse(
            "mmap", "0x5000, 5000, PROT_READ|PROT_EXEC, MAP_SHARED|MAP_FIXED|MAP_NORESERVE|MAP_STACK, 3, 0x1000", 0x5000
        )
        let kind = Mapping.Kind(
            protection: [.read, .execute], isShared: true, isAnonymous: false, traits: .notReserved, object: 4, shift: 4
        )
        #expect(call == .map(pages: 5..<7, kind: kind, replaces: true, isStack: true))
        let huge = try parse(
            "mmap", "NULL, 5000, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|21<<MAP_HUGE_SHIFT, -1, 0", 0x200000)
        let hugetlb = Mapping.Kind(protection: [], isShared: false, isAnonymous: true, traits: .hugetlb)
        #expect(huge == .map(pages: 512..<1024, kind: hugetlb, replaces: false))
    }

    /// A call that failed of a hole, or of a mapping that it refuses, has done its work before.
    @Test func whatFailsMayHaveBegun() {
        func parse(_ name: String, _ arguments: String, _ error: String) -> MemoryCall? {
            MemoryCall.parse(name, Array(arguments.utf8)[...], error: error)
        }
        #expect(
            parse("mprotect", "0x1000, 8192, PROT_READ", "ENOMEM") == .protect(1..<3, .read, key: nil, fails: true))
        #expect(parse("mprotect", "0x1000, 8192, PROT_READ", "EACCES") == nil)
        #expect(parse("madvise", "0x1000, 8192, MADV_FREE", "ENOMEM") == .discard(1..<3, .free, failure: .hole))
        #expect(parse("madvise", "0x1000, 8192, MADV_FREE", "EINVAL") == .discard(1..<3, .free, failure: .unsuitable))
        #expect(parse("madvise", "0x1001, 8192, MADV_FREE", "EINVAL") == nil)
        #expect(parse("madvise", "0x1000, 8192, MADV_HUGEPAGE", "EINVAL") == nil)
        #expect(
            parse("mremap", "0x1000, 4096, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x5000", "EFAULT")
                == .failedMove(from: 1..<2, to: 5..<7))
        #expect(parse("mremap", "0x1000, 4096, 8192, MREMAP_MAYMOVE", "EFAULT") == nil)
        #expect(parse("mremap", "0xfffffffffffff000, 4096, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0", "EFAULT") == nil)
        #expect(parse("munmap", "garbage(", "EINVAL") == nil)
    }

    @Test func cloneSaysWhatIsShared() throws {
        #expect(
            try parse("clone", "child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f3a12d07510", 5)
                == .create(child: 5, isThread: false, sharesSpace: false, parentWaits: false))
        #expect(
            try parse(
                "clone3", "{flags=CLONE_VM|CLONE_VFORK|CLONE_CLEAR_SIGHAND, exit_signal=SIGCHLD, stack=0x7f}, 88", 5)
                == .create(child: 5, isThread: false, sharesSpace: true, parentWaits: true))
        #expect(
            try parse("clone3", "{flags=CLONE_VM|CLONE_THREAD, tls=0x7} => {parent_tid=[5]}, 88", 5)
                == .create(child: 5, isThread: true, sharesSpace: true, parentWaits: false))
        #expect(
            try parse("vfork", "", 5) == .create(child: 5, isThread: false, sharesSpace: true, parentWaits: true))
    }

    @Test(
        arguments: [
            ("munmap", "0x1000", 0), ("munmap", "0x1000, 4096, 1", 0), ("munmap", "0x1000, 4096", 1),
            ("munmap", "0x1000,4096", 0),
            ("munmap", "0xfffffffffffff000, 4096", 0), ("munmap", "0x1000, 18446744073709551615", 0),
            ("munmap", "0x1000, 18446744073709551616", 0), ("munmap", "0x200000000000000, 4096", 0),
            ("munmap", "0x1000, 0x", 0),
            ("munmap", "(0x1000, 4096", 0), ("munmap", "0x1000, 4096)", 0), ("munmap", "0x1000, 40 96", 0),
            ("munmap", "", 0),
            ("mprotect", "0x1000, 4096, PROT_RAED", 0), ("mprotect", "0x1000, 4096, PROT_READ|", 0),
            ("mprotect", "0x1000, 4096, ", 0), ("madvise", "0x1000, 4096, MADV_DONTNEEDX", 0),
            ("madvise", "0x1000, 4096", 0),
            ("mmap", "NULL, 4096, PROT_READ, MAP_PRIVATE, -1, 0", UInt64.max),
            ("mmap", "NULL, 0, PROT_READ, MAP_PRIVATE, -1, 0", 0),
            ("mmap", "0x1000, 4096, PROT_READ, MAP_FIXED, -1, 0", 0x2000),
            ("mmap", "NULL, 4096, PROT_READ, MAP_PIRVATE, -1, 0", 1),
            ("mremap", "0x1000, 4096, 4096, MREMAP_FIXED, 0x3000", 0x4000),
            ("mremap", "0x1000, 4096, 4096, MREMAP_FIXED", 0x4000),
            ("mremap", "0x1000, 4096, 0, MREMAP_MAYMOVE", 0x4000), ("brk", "", 0), ("brk", "NULL", UInt64.max),
            ("fork", "1", 5), ("fork", "", 0), ("fork", "", UInt64.max), ("clone", "child_stack=NULL", 5),
            ("clone", "child_stack=NULL, flags=CLONE_VN|SIGCHLD", 5), ("clone3", "{exit_signal=0, 88", 5),
            ("clone3", "", 5),
        ] as [(String, String, UInt64)])
    func whatStraceDoesNotWriteIsRefused(_ name: String, _ arguments: String, _ value: UInt64) {
        #expect(throws: LineFault.self) { try parse(name, arguments, value) }
    }
}
