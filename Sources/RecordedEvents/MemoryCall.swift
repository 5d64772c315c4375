import NotifierDispatch

/// What a successful system call does to the address space of the thread that makes it.
enum MemoryCall: Equatable {
    /// `pages` are mapped. Only where `replaces` is set (`MAP_FIXED`) may they have been mapped before.
    case map(pages: Range<Int>, kind: Mapping.Kind, replaces: Bool)
    case unmap(Range<Int>)
    /// mremap. `from` is empty where a shared mapping gets a second place (an old size of 0). Only where `replaces`
    /// is set (`MREMAP_FIXED`) may `to` have been mapped before; `keepsSource` is `MREMAP_DONTUNMAP`.
    case move(from: Range<Int>, to: Range<Int>, replaces: Bool, keepsSource: Bool)
    case protect(Range<Int>, Mapping.Protection)
    /// The pages change and the mapping stays.
    case invalidate(InvalidationEvent, Range<Int>)
    case setForkRule(Range<Int>, Mapping.ForkRule)
    /// `brk(NULL)`: where the heap ends, as a byte address.
    case askBreak(UInt64)
    /// `brk(address)`: where the heap ends now.
    case setBreak(UInt64)
    /// fork, vfork, clone and clone3: `child` is a thread of the same process or another process, in the same address
    /// space or in a copy; the parent may wait until the child has called execve or ended (vfork).
    case create(child: Int32, isThread: Bool, sharesSpace: Bool, parentWaits: Bool)
    case exitGroup

    /// Every call that `strace -e trace=%memory,clone,clone3,fork,vfork,exit_group` shows, in any version up to 6.13
    /// and on any 64-bit machine and its 32-bit mode; `???` is a call whose number strace did not learn.
    static let names: Set<String> = [
        "brk", "get_mempolicy", "io_destroy", "io_setup", "io_uring_register", "madvise", "map_shadow_stack", "mbind",
        "memfd_secret", "migrate_pages", "mincore", "mlock", "mlock2", "mlockall", "mmap", "mmap2", "move_pages",
        "mprotect", "mremap", "mseal", "msync", "munlock", "munlockall", "munmap", "old_mmap", "pkey_alloc",
        "pkey_free",
        "pkey_mprotect", "process_madvise", "process_mrelease", "remap_file_pages", "set_mempolicy",
        "set_mempolicy_home_node", "shmat", "shmdt", "userfaultfd",
        "clone", "clone3", "fork", "vfork", "exit_group", "???",
    ]

    /// Understands `name(text) = value`, a call that succeeded; `nil` where it changes nothing that is followed here.
    ///
    /// `shmat` and `shmdt` are among those: neither says how large the segment is. Throws a ``LineFault`` where the
    /// arguments or the value are not what strace writes for this call, or reach beyond 57-bit addresses.
    static func parse(_ name: String, _ text: ArraySlice<UInt8>, value: UInt64) throws(LineFault) -> MemoryCall? {
        switch name {
        case "mmap", "mmap2": return try map(StraceArguments(text), value)
        case "munmap":
            let pages = try zeroReturning(StraceArguments(text), 2...2, value)
            return pages.isEmpty ? nil : .unmap(pages)
        case "mremap": return try move(StraceArguments(text), value)
        case "mprotect", "pkey_mprotect":
            let arguments = try StraceArguments(text)
            let pages = try zeroReturning(arguments, name == "mprotect" ? 3...3 : 4...4, value)
            let protection = try protection(arguments, 2)
            return pages.isEmpty ? nil : .protect(pages, protection)
        case "madvise": return try advise(StraceArguments(text), value)
        case "remap_file_pages":
            let pages = try zeroReturning(StraceArguments(text), 5...5, value)
            return pages.isEmpty ? nil : .invalidate(.unmap, pages)
        case "map_shadow_stack":
            let arguments = try StraceArguments(text)
            try arguments.expect(3...3)
            return .map(pages: try pages(value, try arguments.number(1)), kind: .privateMemory, replaces: false)
        case "brk":
            let arguments = try StraceArguments(text)
            try arguments.expect(1...1)
            let wanted = try arguments.number(0)
            _ = try pages(value, 0)
            if wanted == 0 { return .askBreak(value) }
            return wanted == value ? .setBreak(value) : nil
        case "clone", "clone3", "fork", "vfork": return try create(name, StraceArguments(text), value)
        default: return nil
        }
    }

    private static func pages(_ address: UInt64, _ size: UInt64) throws(LineFault) -> Range<Int> {
        guard let pages = Mapping.pages(at: address, size: size) else {
            throw LineFault("an address beyond the 57 bits of user space")
        }
        return pages
    }

    /// The pages of a call that takes an address and a size first and returns 0.
    private static func zeroReturning(
        _ arguments: StraceArguments, _ counts: ClosedRange<Int>, _ value: UInt64
    ) throws(LineFault) -> Range<Int> {
        try arguments.expect(counts)
        guard value == 0 else { throw LineFault("a result that this call does not have") }
        return try pages(try arguments.number(0), try arguments.number(1))
    }

    private static func protection(_ arguments: StraceArguments, _ index: Int) throws(LineFault) -> Mapping.Protection {
        let names = try arguments.flags(index, outOf: StraceFlags.protection)
        var protection: Mapping.Protection = []
        if names.contains("PROT_READ") { protection.insert(.read) }
        if names.contains("PROT_WRITE") { protection.insert(.write) }
        if names.contains("PROT_EXEC") { protection.insert(.execute) }
        return protection
    }

    private static func map(_ arguments: StraceArguments, _ value: UInt64) throws(LineFault) -> MemoryCall {
        try arguments.expect(6...6)
        let flags = try arguments.flags(3, outOf: StraceFlags.mapping)
        let isFixed = flags.contains("MAP_FIXED")
        let hint = try arguments.number(0)
        guard !isFixed || hint == value else {
            throw LineFault("a fixed mapping that is not where it was asked for")
        }
        _ = try arguments.number(5)
        let pages = try pages(value, try arguments.number(1))
        guard !pages.isEmpty else { throw StraceArguments.fault }
        let kind = Mapping.Kind(
            protection: try protection(arguments, 2),
            isShared: !flags.isDisjoint(with: ["MAP_SHARED", "MAP_SHARED_VALIDATE"]),
            isAnonymous: flags.contains("MAP_ANONYMOUS"))
        return .map(pages: pages, kind: kind, replaces: isFixed)
    }

    private static func move(_ arguments: StraceArguments, _ value: UInt64) throws(LineFault) -> MemoryCall {
        try arguments.expect(4...5)
        let flags = try arguments.flags(3, outOf: StraceFlags.moving)
        let from = try pages(try arguments.number(0), try arguments.number(1))
        let to = try pages(value, try arguments.number(2))
        guard !to.isEmpty else { throw StraceArguments.fault }
        let isFixed = flags.contains("MREMAP_FIXED")
        let destination = isFixed ? try arguments.number(4) : value
        guard destination == value else {
            throw LineFault("a fixed mapping that is not where it was asked for")
        }
        return .move(from: from, to: to, replaces: isFixed, keepsSource: flags.contains("MREMAP_DONTUNMAP"))
    }

    private static func advise(_ arguments: StraceArguments, _ value: UInt64) throws(LineFault) -> MemoryCall? {
        let pages = try zeroReturning(arguments, 3...3, value)
        let isDiscarding = arguments.leadingNumber(2).map(StraceFlags.discardingNumbers.contains) ?? false
        let advice = try arguments.flags(2, outOf: StraceFlags.advice)
        guard !pages.isEmpty else { return nil }
        if isDiscarding || !advice.isDisjoint(with: StraceFlags.discardingAdvice) { return .invalidate(.clear, pages) }
        switch advice.first {
        case "MADV_DONTFORK": return .setForkRule(pages, .omitted)
        case "MADV_WIPEONFORK": return .setForkRule(pages, .wiped)
        case "MADV_DOFORK", "MADV_KEEPONFORK": return .setForkRule(pages, .copied)
        default: return nil
        }
    }

    private static func create(
        _ name: String, _ arguments: StraceArguments, _ value: UInt64
    ) throws(LineFault) -> MemoryCall {
        guard let child = Int32(exactly: value), child > 0 else {
            throw LineFault("a result that this call does not have")
        }
        if name.hasSuffix("fork") {
            try arguments.expect(0...0)
            let isVfork = name == "vfork"
            return .create(child: child, isThread: false, sharesSpace: isVfork, parentWaits: isVfork)
        }
        let flags = try arguments.namedFlags(outOf: StraceFlags.cloning)
        return .create(
            child: child, isThread: flags.contains("CLONE_THREAD"), sharesSpace: flags.contains("CLONE_VM"),
            parentWaits: flags.contains("CLONE_VFORK"))
    }
}
