/// One mapping of an address space, what the kernel calls a VMA: neighbouring pages of one kind.
struct Mapping: Equatable {
    /// Recorded page numbers: byte addresses divided by ``pageSize``.
    var pages: Range<Int>
    var kind: Kind

    /// What decides what the kernel does with a mapping. Neighbours whose kinds are equal are one mapping.
    struct Kind: Equatable {
        var protection: Protection
        var isShared: Bool
        /// Mapped with `MAP_ANONYMOUS`, or as the heap is.
        var isAnonymous: Bool
        var traits: Traits = []
        /// The protection key (`pkey_mprotect`).
        var key: UInt64 = 0
        /// The file or the shared memory; 0 for private anonymous memory. Files have the number of the descriptor that
        /// they were mapped from, plus 1, and shared memory numbers below 0.
        var object = 0
        /// The page less the page of the object that lies there. For private anonymous memory: how many pages mremap has
        /// moved it since it was written.
        var shift = 0
        /// Which written pages it belongs to (the kernel's `anon_vma`): 0 for none, below 0 for a fork's copy. Mappings that
        /// were written apart stay apart.
        var memory = 0
        /// Whether it ever had a right, so that pages of it may be there.
        var wasAccessible: Bool
        /// Whether it is private and was ever writable. The kernel keeps such a mapping apart from one that never was
        /// (`VM_ACCOUNT`), and copies its pages when it forks if any was written.
        var wasWritable: Bool

        init(
            protection: Protection, isShared: Bool, isAnonymous: Bool, traits: Traits = [], object: Int = 0,
            shift: Int = 0
        ) {
            self.protection = protection
            self.isShared = isShared
            self.isAnonymous = isAnonymous
            self.traits = traits
            self.object = object
            self.shift = shift
            wasAccessible = !protection.isEmpty
            wasWritable = !isShared && protection.contains(.write)
        }

        /// What the heap and an allocator's own mappings are: memory of nobody else's.
        static let privateMemory = Kind(protection: [.read, .write], isShared: false, isAnonymous: true)

        /// It gets other rights, and another key where one is given.
        mutating func protect(_ protection: Protection, key: UInt64?) {
            self.protection = protection
            self.key = key ?? self.key
            wasAccessible = wasAccessible || !protection.isEmpty
            wasWritable = wasWritable || (!isShared && protection.contains(.write))
        }
    }

    struct Protection: OptionSet {
        let rawValue: UInt8
        static let read = Protection(rawValue: 1)
        static let write = Protection(rawValue: 2)
        static let execute = Protection(rawValue: 4)
    }

    /// What else keeps neighbours apart.
    struct Traits: OptionSet {
        let rawValue: UInt16
        /// fork leaves it out (`MADV_DONTFORK`).
        static let omittedByFork = Traits(rawValue: 1 << 0)
        /// fork gives the child empty pages (`MADV_WIPEONFORK`).
        static let wipedByFork = Traits(rawValue: 1 << 1)
        static let locked = Traits(rawValue: 1 << 2)
        static let notReserved = Traits(rawValue: 1 << 3)
        static let hugePages = Traits(rawValue: 1 << 4)
        static let noHugePages = Traits(rawValue: 1 << 5)
        static let notDumped = Traits(rawValue: 1 << 6)
        static let sequential = Traits(rawValue: 1 << 7)
        static let random = Traits(rawValue: 1 << 8)
        static let mergeable = Traits(rawValue: 1 << 9)
        static let growsDown = Traits(rawValue: 1 << 10)
        /// It has a NUMA policy of its own (`mbind`).
        static let bound = Traits(rawValue: 1 << 11)
        /// `MAP_HUGETLB`
        static let hugetlb = Traits(rawValue: 1 << 12)
    }

    /// Bytes in a page of the recorded machine.
    static let pageSize: UInt64 = 4096
    /// Pages in the block that a huge page, or one table of page entries, covers: 2 MiB.
    static let blockSize = 512
    /// Pages that one table of blocks covers: 1 GiB.
    static let tableSize = blockSize * 512
    /// Pages that one table of such tables covers: 512 GiB.
    static let upperTableSize = tableSize * 512
    /// One past the last address of user space: 57 bits, what five levels of page table reach.
    static let endOfAddresses: UInt64 = 1 << 57
    /// The most pages of a mapping that counts as memory in use (16 GiB).
    static let mostPagesInUse = 1 << 22

    /// Whether this is a reservation of which a program touches a little (a sanitizer's shadow takes terabytes): a fork,
    /// which walks over all mappings, passes it over. Calls that name its pages still count.
    var isReservation: Bool { pages.count > Self.mostPagesInUse }

    /// Whether fork tells the notifiers about it: it is private and was written, whatever its rights are now.
    var isCopiedOnWrite: Bool {
        kind.wasWritable && kind.traits.isDisjoint(with: [.omittedByFork, .wipedByFork]) && !isReservation
    }

    /// The pages that `size` bytes from `address` touch; `nil` where they leave user space.
    static func pages(at address: UInt64, size: UInt64) -> Range<Int>? {
        let (end, overflowed) = address.addingReportingOverflow(size)
        guard !overflowed, end <= endOfAddresses else { return nil }
        let first = Int(address / pageSize)
        return size == 0 ? first..<first : first..<Int((end - 1) / pageSize + 1)
    }

    /// The part of the mapping in `range`; `nil` where there is none.
    fileprivate func part(_ range: Range<Int>) -> Mapping? {
        let part = pages.clamped(to: range)
        return part.isEmpty ? nil : Mapping(pages: part, kind: kind)
    }
}

/// The mappings of one address space that are known, sorted and disjoint.
///
/// A mapping is known if the trace shows the call that made it, or one that succeeds only where something is mapped.
/// Neighbours of one kind are one mapping, as the kernel merges them.
struct MappedSpace: Equatable {
    private(set) var mappings: [Mapping] = []
    /// The last number of written pages.
    private var lastMemory = 0

    /// The mappings, whole, that have pages in `range`.
    func overlapping(_ range: Range<Int>) -> ArraySlice<Mapping> {
        guard !range.isEmpty else { return [] }
        let first = mappings.firstIndex(fromWhere: { $0.pages.upperBound > range.lowerBound })
        let end = mappings.firstIndex(fromWhere: { $0.pages.lowerBound >= range.upperBound })
        return mappings[first..<max(first, end)]
    }

    /// What is known of `range`, clipped to it.
    func pieces(of range: Range<Int>) -> [Mapping] {
        overlapping(range).compactMap { $0.part(range) }
    }

    /// What is not known of `range`.
    func gaps(in range: Range<Int>) -> [Range<Int>] {
        var gaps: [Range<Int>] = []
        var start = range.lowerBound
        for piece in pieces(of: range) {
            if piece.pages.lowerBound > start { gaps.append(start..<piece.pages.lowerBound) }
            start = piece.pages.upperBound
        }
        if start < range.upperBound { gaps.append(start..<range.upperBound) }
        return gaps
    }

    /// Whether any mapping in `range` ever had a right, so that the kernel may have page tables there.
    func wasAccessible(_ range: Range<Int>) -> Bool { overlapping(range).contains { $0.kind.wasAccessible } }

    /// `range` is one mapping from here on, whatever was there. By Linux 6.1 it joins the next one rather than the one
    /// before, and by 6.12 the one before.
    mutating func map(_ range: Range<Int>, _ kind: Mapping.Kind, by rules: LinuxRules = .ofTraces) {
        let kind = written(kind, range, joiningFirst: rules == .linux6_1 ? \.next : \.previous)
        replace(range) { _ in [Mapping(pages: range, kind: kind)] }
    }

    /// A mapping, or a part of one, gets other rights. It joins the one before rather than the next.
    mutating func protect(_ piece: Mapping, _ protection: Mapping.Protection, key: UInt64?) {
        var kind = piece.kind
        kind.protect(protection, key: key)
        kind = written(kind, piece.pages, joiningFirst: \.previous)
        replace(piece.pages) { _ in [Mapping(pages: piece.pages, kind: kind)] }
    }

    /// Nothing is mapped in `range` from here on.
    mutating func unmap(_ range: Range<Int>) {
        replace(range) { _ in [] }
    }

    /// Every mapping, or part of one, in `range` becomes what `change` makes of it.
    mutating func modify(_ range: Range<Int>, _ change: (inout Mapping.Kind) -> Void) {
        replace(range) { pieces in
            pieces.map { piece in
                var piece = piece
                change(&piece.kind)
                return piece
            }
        }
    }

    /// A copy for the child of a fork. What was written stays apart from what the child maps next to it.
    func copyForChild() -> MappedSpace {
        var copy = MappedSpace()
        for var mapping in mappings where !mapping.kind.traits.contains(.omittedByFork) {
            mapping.kind.traits.remove(.locked)
            if mapping.kind.memory != 0 {
                mapping.kind.memory = mapping.kind.traits.contains(.wipedByFork) ? 0 : -(copy.mappings.count + 1)
            }
            copy.mappings.append(mapping)
        }
        return copy
    }

    private struct Neighbours {
        var previous: Mapping?
        var next: Mapping?
    }

    /// `kind` with the number of its written pages, if it is to have one: that of a neighbour that it joins or that differs in
    /// rights alone, else one of its own.
    private mutating func written(
        _ kind: Mapping.Kind, _ range: Range<Int>, joiningFirst first: KeyPath<Neighbours, Mapping?>
    ) -> Mapping.Kind {
        guard kind.wasWritable, kind.memory == 0 else { return kind }
        let neighbours = Neighbours(
            previous: overlapping(range.lowerBound - 1..<range.lowerBound).first,
            next: overlapping(range.upperBound..<range.upperBound + 1).first)
        let candidates = [neighbours[keyPath: first], neighbours.previous, neighbours.next].compactMap { $0?.kind }
            .filter { $0.memory > 0 }
        var kind = kind
        for candidate in candidates {
            kind.memory = candidate.memory
            if kind == candidate { return kind }
        }
        for candidate in candidates {
            kind.memory = candidate.memory
            var alike = candidate
            alike.protection = kind.protection
            if kind == alike { return kind }
        }
        lastMemory += 1
        kind.memory = lastMemory
        return kind
    }

    /// Cuts what lies in `range` out, puts what `change` makes of it in its place, and merges with the neighbours.
    private mutating func replace(_ range: Range<Int>, _ change: ([Mapping]) -> [Mapping]) {
        guard !range.isEmpty else { return }
        // The neighbours that only touch the range are taken along, to be merged with.
        let first = mappings.firstIndex(fromWhere: { $0.pages.upperBound >= range.lowerBound })
        let end = max(first, mappings.firstIndex(fromWhere: { $0.pages.lowerBound > range.upperBound }))
        let old = mappings[first..<end]
        var new: [Mapping] = []
        let before = old.compactMap { $0.part(Int.min..<range.lowerBound) }
        let after = old.compactMap { $0.part(range.upperBound..<Int.max) }
        for mapping in before + change(old.compactMap { $0.part(range) }) + after {
            if let last = new.last, last.pages.upperBound == mapping.pages.lowerBound, last.kind == mapping.kind {
                new[new.count - 1].pages = last.pages.lowerBound..<mapping.pages.upperBound
            } else {
                new.append(mapping)
            }
        }
        mappings.replaceSubrange(first..<end, with: new)
    }
}

extension Array {
    /// The first index whose element satisfies `isBeyond`, which holds from some index on; the end where it never holds.
    func firstIndex(fromWhere isBeyond: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
