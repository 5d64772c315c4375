/// The arguments of one call as strace writes them, cut at the commas between them.
struct StraceArguments {
    private let fields: [ArraySlice<UInt8>]

    /// Throws a ``LineFault`` where brackets or quotes do not pair.
    init(_ text: ArraySlice<UInt8>) throws(LineFault) {
        var fields: [ArraySlice<UInt8>] = []
        var closing: [UInt8] = []
        var start = text.startIndex
        var index = text.startIndex
        while index < text.endIndex {
            defer { index += 1 }
            switch text[index] {
            case UInt8(ascii: "<") where Self.beginsPath(at: index, in: text):
                guard let end = Self.endOfPath(from: index, in: text) else { throw Self.fault }
                index = end
            case UInt8(ascii: "("): closing.append(UInt8(ascii: ")"))
            case UInt8(ascii: "["): closing.append(UInt8(ascii: "]"))
            case UInt8(ascii: "{"): closing.append(UInt8(ascii: "}"))
            case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
                guard closing.popLast() == text[index] else { throw Self.fault }
            case UInt8(ascii: ",") where closing.isEmpty:
                fields.append(text[start..<index])
                start = index + 1
            default: break
            }
        }
        guard closing.isEmpty else { throw Self.fault }
        if !text.isEmpty { fields.append(text[start...]) }
        for index in fields.indices.dropFirst() {
            guard fields[index].first == UInt8(ascii: " ") else { throw Self.fault }
            fields[index].removeFirst()
        }
        self.fields = fields
    }

    /// Whether the path of a descriptor begins here (`-y`): `3</srv/data>`. A shift is none: `21<<MAP_HUGE_SHIFT`.
    private static func beginsPath(at index: Int, in text: ArraySlice<UInt8>) -> Bool {
        guard index > text.startIndex, index + 1 < text.endIndex else { return false }
        return text[index + 1] != UInt8(ascii: "<") && ByteScanner.isDigit(text[index - 1])
    }

    /// Where the path that begins at `start` ends. strace escapes both brackets in names; a device has its numbers in
    /// brackets of its own, and a connection an arrow.
    private static func endOfPath(from start: Int, in text: ArraySlice<UInt8>) -> Int? {
        var depth = 0
        for index in text[start...].indices {
            switch text[index] {
            case UInt8(ascii: "<"): depth += 1
            case UInt8(ascii: ">") where text[index - 1] != UInt8(ascii: "-"):
                depth -= 1
                if depth == 0 { return index }
            default: break
            }
        }
        return nil
    }

    static let fault = LineFault("arguments that strace does not write for this call")

    /// Throws a ``LineFault`` unless there are as many arguments as `counts` allows.
    func expect(_ counts: ClosedRange<Int>) throws(LineFault) {
        guard counts.contains(fields.count) else { throw Self.fault }
    }

    /// How many there are.
    var count: Int { fields.count }

    /// The elements of the list in brackets at `index`; `nil` where there is none.
    func elements(_ index: Int) throws(LineFault) -> StraceArguments? {
        let text = text(index)
        guard text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]") else { return nil }
        return try StraceArguments(text.dropFirst().dropLast())
    }

    /// The number or address at `index`. Throws a ``LineFault`` where there is none, or not one of 64 bits.
    func number(_ index: Int) throws(LineFault) -> UInt64 {
        guard fields.indices.contains(index) else { throw Self.fault }
        var scanner = ByteScanner(fields[index])
        guard let value = scanner.number(), scanner.isAtEnd else { throw Self.fault }
        return value
    }

    /// The argument at `index` as it is written; empty where there is none.
    func text(_ index: Int) -> ArraySlice<UInt8> { fields.indices.contains(index) ? fields[index] : [] }

    /// The number that the argument at `index` starts with, be it followed by a comment; `nil` where it is a name.
    func leadingNumber(_ index: Int) -> UInt64? {
        guard fields.indices.contains(index) else { return nil }
        var scanner = ByteScanner(fields[index])
        return scanner.number()
    }

    /// The names at `index`, which stand between `|`, all out of `known`; numbers that have no name are passed over.
    func flags(_ index: Int, outOf known: Set<String>) throws(LineFault) -> Set<String> {
        guard fields.indices.contains(index) else { throw Self.fault }
        return try Self.flags(fields[index], outOf: known)
    }

    /// The names after `flags=` in an argument list of `name=value` fields, or in the structure that is its first
    /// argument, as `clone` and `clone3` have them.
    func namedFlags(outOf known: Set<String>) throws(LineFault) -> Set<String> {
        let candidates: [ArraySlice<UInt8>]
        if let first = fields.first, first.first == UInt8(ascii: "{"), let end = first.firstIndex(of: UInt8(ascii: "}"))
        {
            candidates = try StraceArguments(first[(first.startIndex + 1)..<end]).fields
        } else {
            candidates = fields
        }
        for field in candidates {
            var scanner = ByteScanner(field)
            if scanner.skip("flags=") { return try Self.flags(scanner.rest, outOf: known) }
        }
        throw Self.fault
    }

    private static func flags(_ field: ArraySlice<UInt8>, outOf known: Set<String>) throws(LineFault) -> Set<String> {
        var names: Set<String> = []
        for token in field.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false) {
            var scanner = ByteScanner(token)
            if scanner.number() != nil {
                // A bare number, `0x40 /* MAP_??? */`, or a page size, `21<<MAP_HUGE_SHIFT`.
                guard scanner.isAtEnd || scanner.skip(" /* ") || scanner.skip("<<MAP_HUGE_SHIFT") else { throw fault }
                continue
            }
            let name = String(decoding: token, as: UTF8.self)
            guard known.contains(name) else { throw fault }
            names.insert(name)
        }
        return names
    }
}

/// The names that strace writes for the flags of the calls followed here. A name outside these is a damaged line; a
/// flag that strace has no name for is a number.
enum StraceFlags {
    static let protection: Set<String> = [
        "PROT_NONE", "PROT_READ", "PROT_WRITE", "PROT_EXEC", "PROT_SEM", "PROT_GROWSDOWN", "PROT_GROWSUP", "PROT_SAO",
        "PROT_BTI", "PROT_MTE", "PROT_ADI",
    ]

    static let mapping: Set<String> = [
        "MAP_FILE", "MAP_SHARED", "MAP_PRIVATE", "MAP_SHARED_VALIDATE", "MAP_DROPPABLE", "MAP_FIXED", "MAP_ANONYMOUS",
        "MAP_32BIT", "MAP_ABOVE4G", "MAP_GROWSDOWN", "MAP_GROWSUP", "MAP_DENYWRITE", "MAP_EXECUTABLE", "MAP_LOCKED",
        "MAP_NORESERVE", "MAP_POPULATE", "MAP_NONBLOCK", "MAP_STACK", "MAP_HUGETLB", "MAP_SYNC", "MAP_FIXED_NOREPLACE",
        "MAP_UNINITIALIZED",
    ]

    static let moving: Set<String> = ["MREMAP_MAYMOVE", "MREMAP_FIXED", "MREMAP_DONTUNMAP"]

    static let attaching: Set<String> = ["SHM_RDONLY", "SHM_RND", "SHM_REMAP", "SHM_EXEC"]

    /// What mmap's flags make of a mapping.
    static let mappingTraits: [String: Mapping.Traits] = [
        "MAP_LOCKED": .locked, "MAP_NORESERVE": .notReserved, "MAP_GROWSDOWN": .growsDown, "MAP_HUGETLB": .hugetlb,
    ]

    /// Advice that changes what a mapping is.
    static let traits: [String: (adding: Mapping.Traits, removing: Mapping.Traits)] = [
        "MADV_NORMAL": ([], [.random, .sequential]), "MADV_RANDOM": (.random, .sequential),
        "MADV_SEQUENTIAL": (.sequential, .random), "MADV_DONTFORK": (.omittedByFork, []),
        "MADV_DOFORK": ([], .omittedByFork), "MADV_WIPEONFORK": (.wipedByFork, []),
        "MADV_KEEPONFORK": ([], .wipedByFork), "MADV_DONTDUMP": (.notDumped, []), "MADV_DODUMP": ([], .notDumped),
        "MADV_HUGEPAGE": (.hugePages, .noHugePages), "MADV_NOHUGEPAGE": (.noHugePages, .hugePages),
        "MADV_MERGEABLE": (.mergeable, []), "MADV_UNMERGEABLE": ([], .mergeable),
    ]

    /// The names of the advice that matters, for a strace that writes numbers.
    static let numbered: [UInt64: String] = [
        4: "MADV_DONTNEED", 8: "MADV_FREE", 9: "MADV_REMOVE", 10: "MADV_DONTFORK", 11: "MADV_DOFORK",
        14: "MADV_HUGEPAGE", 15: "MADV_NOHUGEPAGE", 16: "MADV_DONTDUMP", 17: "MADV_DODUMP", 18: "MADV_WIPEONFORK",
        19: "MADV_KEEPONFORK", 21: "MADV_PAGEOUT", 24: "MADV_DONTNEED_LOCKED", 25: "MADV_COLLAPSE",
        102: "MADV_GUARD_INSTALL",
    ]

    static let advice: Set<String> = [
        "MADV_DONTNEED", "MADV_DONTNEED_LOCKED", "MADV_FREE", "MADV_REMOVE", "MADV_GUARD_INSTALL",
        "MADV_NORMAL", "MADV_RANDOM", "MADV_SEQUENTIAL", "MADV_WILLNEED", "MADV_DONTFORK", "MADV_DOFORK",
        "MADV_MERGEABLE", "MADV_UNMERGEABLE", "MADV_HUGEPAGE", "MADV_NOHUGEPAGE", "MADV_DONTDUMP", "MADV_DODUMP",
        "MADV_WIPEONFORK", "MADV_KEEPONFORK", "MADV_COLD", "MADV_PAGEOUT", "MADV_POPULATE_READ", "MADV_POPULATE_WRITE",
        "MADV_COLLAPSE", "MADV_HWPOISON", "MADV_SOFT_OFFLINE", "MADV_GUARD_REMOVE",
    ]

    /// clone's flags, and the signal of the child's end that strace writes among them.
    static let cloning: Set<String> = [
        "CLONE_NEWTIME", "CLONE_VM", "CLONE_FS", "CLONE_FILES", "CLONE_SIGHAND", "CLONE_PIDFD", "CLONE_PTRACE",
        "CLONE_VFORK", "CLONE_PARENT", "CLONE_THREAD", "CLONE_NEWNS", "CLONE_SYSVSEM", "CLONE_SETTLS",
        "CLONE_PARENT_SETTID", "CLONE_CHILD_CLEARTID", "CLONE_DETACHED", "CLONE_UNTRACED", "CLONE_CHILD_SETTID",
        "CLONE_NEWCGROUP", "CLONE_NEWUTS", "CLONE_NEWIPC", "CLONE_NEWUSER", "CLONE_NEWPID", "CLONE_NEWNET", "CLONE_IO",
        "CLONE_CLEAR_SIGHAND", "CLONE_INTO_CGROUP", "CLONE_IDLETASK",
        "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1",
        "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP",
        "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR",
        "SIGSYS",
    ]
}
