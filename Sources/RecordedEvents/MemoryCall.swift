import NotifierDispatch

/// What a successful system call does to the address space of the thread that makes it.
enum MemoryCall: Equatable {
    /// `pages` are mapped. Only where `replaces` is set (`MAP_FIXED`) may they have been mapped before. `isStack` is
    /// `MAP_STACK`.
    case map(pages: Range<Int>, kind: Mapping.Kind, replaces: Bool, isStack: Bool = false)
    case unmap(Range<Int>)
    /// shmget: how many pages the segment with that number has.
    case segment(Int, pages: Int)
    /// shmat: the segment is mapped from that page on. Only where `replaces` is set (`SHM_REMAP`) may it have been mapped
    /// before.
    case attach(segment: Int, page: Int, replaces: Bool)
    /// The mapping that begins at that page goes, whatever its size (shmdt, io_destroy).
    case unmapObject(Int)
    /// mremap. `from` is empty where a shared mapping gets a second place (an old size of 0). Only where `replaces`
    /// is set (`MREMAP_FIXED`) may `to` have been mapped before; `keepsSource` is `MREMAP_DONTUNMAP`.
    case move(from: Range<Int>, to: Range<Int>, replaces: Bool, keepsSource: Bool)
    /// mremap to a fixed place failed, after it may have unmapped that place.
    case failedMove(from: Range<Int>, to: Range<Int>)
    /// mprotect. `key` is `nil` where the mapping's stays; `fails` is set where it has stopped at a hole.
    case protect(Range<Int>, Mapping.Protection, key: UInt64?, fails: Bool)
    /// madvise: the pages' contents are gone, and the mapping stays.
    case discard(Range<Int>, Discarding, failure: AdviceFailure?)
    /// `MADV_PAGEOUT`
    case pageOut(Range<Int>)
    /// `MADV_COLLAPSE`
    case collapse(Range<Int>)
    /// move_pages: these pages go to other memory, where they were not yet.
    case migrate([Int])
    /// madvise, mlock, munlock, mbind: the mapping's traits change.
    case change(Range<Int>, adding: Mapping.Traits, removing: Mapping.Traits)
    /// `brk(NULL)`: where the heap ends, as a byte address.
    case askBreak(UInt64)
    /// `brk(address)`: where the heap ends now.
    case setBreak(UInt64)
    /// fork, vfork, clone and clone3: `child` is a thread of the same process or another process, in the same address
    /// space or in a copy; the parent may wait until the child has called execve or ended (vfork).
    case create(child: Int32, isThread: Bool, sharesSpace: Bool, parentWaits: Bool)
    case exitGroup

    /// Which mappings an advice to discard refuses.
    enum Discarding {
        case dontNeed, free, remove, other
    }

    /// How far madvise has come.
    enum AdviceFailure {
        /// It has found a hole, and gone on behind it (`ENOMEM`).
        case hole
        /// It has stopped at the first mapping that it refuses (`EINVAL`).
        case unsuitable
    }

    /// Every call that `strace -e trace=%memory,clone,clone3,fork,vfork,exit_group` shows, in any version up to 6.13
    /// and on any 64-bit machine and its 32-bit mode; `???` is a call whose number strace did not learn. And shmget,
    /// which a recording may have besides.
    static let names: Set<String> = [
        "brk", "get_mempolicy", "io_destroy", "io_setup", "io_uring_register", "madvise", "map_shadow_stack", "mbind",
        "memfd_secret", "migrate_pages", "mincore", "mlock", "mlock2", "mlockall", "mmap", "mmap2", "move_pages",
        "mprotect", "mremap", "mseal", "msync", "munlock", "munlockall", "munmap", "old_mmap", "pkey_alloc",
        "pkey_free",
        "pkey_mprotect", "process_madvise", "process_mrelease", "remap_file_pages", "set_mempolicy",
        "set_mempolicy_home_node", "shmat", "shmdt", "shmget", "userfaultfd",
        "clone", "clone3", "fork", "vfork", "exit_group", "???",
    ]

    /// Understands `name(text) = value`, a call that succeeded; `nil` where it changes nothing that is followed here.
    ///
    /// Throws a ``LineFault`` where the arguments or the value are not what strace writes for this call, or reach beyond
    /// 57-bit addresses.
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
            let key = name == "mprotect" ? nil : arguments.leadingNumber(3)
            return pages.isEmpty ? nil : .protect(pages, protection, key: key, fails: false)
        case "madvise": return try advise(StraceArguments(text), failure: nil)
        case "mlock", "mlock2", "munlock":
            let pages = try zeroReturning(StraceArguments(text), 2...3, value)
            return name == "munlock"
                ? .change(pages, adding: [], removing: .locked) : .change(pages, adding: .locked, removing: [])
        case "mbind":
            let arguments = try StraceArguments(text)
            let pages = try zeroReturning(arguments, 6...6, value)
            return arguments.text(2).starts(with: "MPOL_DEFAULT".utf8)
                ? .change(pages, adding: [], removing: .bound) : .change(pages, adding: .bound, removing: [])
        case "move_pages": return try migrate(StraceArguments(text))
        case "shmget":
            let arguments = try StraceArguments(text)
            try arguments.expect(3...3)
            let count = try pages(0, try arguments.number(1)).count
            return count == 0 ? nil : .segment(Int(clamping: value), pages: count)
        case "shmat": return try attach(StraceArguments(text), value)
        case "io_setup": return try setUpRing(StraceArguments(text), value)
        case "shmdt", "io_destroy":
            let arguments = try StraceArguments(text)
            try arguments.expect(1...1)
            return .unmapObject(try pages(try arguments.number(0), 1).lowerBound)
        case "remap_file_pages":
            let pages = try zeroReturning(StraceArguments(text), 5...5, value)
            guard !pages.isEmpty else { return nil }
            let kind = Mapping.Kind(protection: [.read, .write], isShared: true, isAnonymous: false)
            return .map(pages: pages, kind: kind, replaces: true)
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

    /// Understands `name(text)`, a call that failed; `nil` where that has changed nothing. Arguments that cannot be read may
    /// be what it failed of.
    static func parse(_ name: String, _ text: ArraySlice<UInt8>, error: String) -> MemoryCall? {
        guard let arguments = try? StraceArguments(text), let address = try? arguments.number(0),
            let size = try? arguments.number(1), let pages = Mapping.pages(at: address, size: size), !pages.isEmpty
        else { return nil }
        switch (name, error) {
        case ("mprotect", "ENOMEM"), ("pkey_mprotect", "ENOMEM"):
            guard let protection = try? protection(arguments, 2) else { return nil }
            let key = name == "mprotect" ? nil : arguments.leadingNumber(3)
            return .protect(pages, protection, key: key, fails: true)
        case ("madvise", "ENOMEM"): return (try? advise(arguments, failure: .hole)) ?? nil
        case ("madvise", "EINVAL"):
            guard address % Mapping.pageSize == 0, let call = try? advise(arguments, failure: .unsuitable),
                case .discard = call
            else { return nil }
            return call
        case ("mremap", "EFAULT"), ("mremap", "ENOMEM"):
            guard let flags = try? arguments.flags(3, outOf: StraceFlags.moving), flags.contains("MREMAP_FIXED"),
                let place = try? arguments.number(4), let newSize = try? arguments.number(2),
                let target = Mapping.pages(at: place, size: newSize), !target.isEmpty
            else { return nil }
            return .failedMove(from: pages, to: target)
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
        var pages = try pages(value, try arguments.number(1))
        guard !pages.isEmpty else { throw StraceArguments.fault }
        var kind = Mapping.Kind(
            protection: try protection(arguments, 2),
            isShared: !flags.isDisjoint(with: ["MAP_SHARED", "MAP_SHARED_VALIDATE"]),
            isAnonymous: flags.contains("MAP_ANONYMOUS"))
        for (name, trait) in StraceFlags.mappingTraits where flags.contains(name) { kind.traits.insert(trait) }
        if kind.traits.contains(.hugetlb) {
            let count = (pages.count + Mapping.blockSize - 1) / Mapping.blockSize * Mapping.blockSize
            pages = pages.lowerBound..<pages.lowerBound + count
        }
        if !kind.isAnonymous {
            kind.object = Int(clamping: arguments.leadingNumber(4) ?? 0) + 1
            kind.shift = pages.lowerBound - Int(clamping: try arguments.number(5) / Mapping.pageSize)
        }
        return .map(pages: pages, kind: kind, replaces: isFixed, isStack: flags.contains("MAP_STACK"))
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

    private static func advise(
        _ arguments: StraceArguments, failure: AdviceFailure?
    ) throws(LineFault) -> MemoryCall? {
        let pages = try zeroReturning(arguments, 3...3, 0)
        let names = try arguments.flags(2, outOf: StraceFlags.advice)
        guard !pages.isEmpty,
            let advice = names.first ?? arguments.leadingNumber(2).flatMap({ StraceFlags.numbered[$0] })
        else { return nil }
        if let (adding, removing) = StraceFlags.traits[advice] {
            return .change(pages, adding: adding, removing: removing)
        }
        switch advice {
        case "MADV_DONTNEED": return .discard(pages, .dontNeed, failure: failure)
        case "MADV_FREE": return .discard(pages, .free, failure: failure)
        case "MADV_REMOVE": return .discard(pages, .remove, failure: failure)
        case "MADV_DONTNEED_LOCKED", "MADV_GUARD_INSTALL": return .discard(pages, .other, failure: failure)
        case "MADV_PAGEOUT": return .pageOut(pages)
        case "MADV_COLLAPSE": return .collapse(pages)
        default: return nil
        }
    }

    /// Of the caller's own pages, those that are there: each has a node as its status. Without nodes to go to, the call only
    /// asks. strace leaves out what comes after the first pages.
    private static func migrate(_ arguments: StraceArguments) throws(LineFault) -> MemoryCall? {
        try arguments.expect(6...6)
        guard arguments.leadingNumber(0) == 0, arguments.leadingNumber(3) == nil,
            let addresses = try arguments.elements(2), let statuses = try arguments.elements(4)
        else { return nil }
        var moved: [Int] = []
        for index in 0..<min(addresses.count, statuses.count) where statuses.leadingNumber(index) != nil {
            if let address = addresses.leadingNumber(index) { moved.append(try pages(address, 1).lowerBound) }
        }
        return moved.isEmpty ? nil : .migrate(moved)
    }

    private static func attach(_ arguments: StraceArguments, _ value: UInt64) throws(LineFault) -> MemoryCall {
        try arguments.expect(3...3)
        let replaces = try arguments.flags(2, outOf: StraceFlags.attaching).contains("SHM_REMAP")
        return .attach(
            segment: Int(clamping: try arguments.number(0)), page: try pages(value, 1).lowerBound, replaces: replaces)
    }

    /// io_setup maps a ring, whose address is the context's: a header of 32 bytes, and for each event asked for twice 32
    /// bytes and two more. A kernel with many processors makes small ones larger.
    private static func setUpRing(_ arguments: StraceArguments, _ value: UInt64) throws(LineFault) -> MemoryCall? {
        try arguments.expect(2...2)
        let count = try arguments.number(0)
        var scanner = ByteScanner(arguments.text(1))
        guard value == 0, count <= 1 << 20, scanner.skip("["), let address = scanner.number() else { return nil }
        let kind = Mapping.Kind(protection: [.read, .write], isShared: true, isAnonymous: true)
        return .map(pages: try pages(address, 32 * (2 * count + 3)), kind: kind, replaces: false)
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
