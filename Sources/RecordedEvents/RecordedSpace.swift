import NotifierDispatch

/// What the kernel tells the notifiers of an address space.
struct RaisedEvent: Equatable {
    let event: InvalidationEvent
    let pages: Range<Int>
    /// Whether it rests on what a recording does not show: above all, which pages were touched.
    var isGuess = false
}

/// One address space of the recorded program: its mappings, and what Linux tells its mmu notifiers about each call.
///
/// The rules are those of Linux 6.1 or of 6.12. `Scripts/check-kernel-events` boots both, and compares.
/// - munmap, a shrinking brk, and what a fixed mapping, a fixed mremap and remap_file_pages replace: one `unmap` of the
///   whole range that was asked for, holes included; none where nothing is mapped.
/// - mprotect: one `protectionVMA` for each mapping whose rights change, cut at each GiB (by 6.12 at each 512 GiB). It
///   begins at the first 2 MiB (by 6.12 at the first GiB) where a page was touched, be it outside the mapping.
/// - mremap that moves: an `unmap` of the source when the pages go, and one when the source is unmapped; with
///   `MREMAP_DONTUNMAP` the first only. A fixed mremap that fails may have unmapped its target.
/// - `MADV_DONTNEED`, `MADV_FREE` and `MADV_REMOVE`: a `clear` for each mapping; `MADV_REMOVE` also where this space has
///   the same pages of the file besides. `MADV_COLLAPSE`: a `clear` for each whole 2 MiB. `MADV_PAGEOUT`: a `clear` for
///   each page.
/// - move_pages: a `clear` for each page that is there and is to go to a node; it may have been on that node already.
/// - A call that fails because of a hole has done its work before the hole (mprotect), or on all that is mapped
///   (madvise).
/// - A mapping that is cut at no multiple of 2 MiB: a `clear` of the 2 MiB around that place, if all of them were in the
///   mapping. A part of a huge page that is discarded or moved: a `clear` of its 2 MiB.
/// - fork: a `protectionPage` (hugetlb: a `clear`) for each mapping that was written privately, whatever its rights are.
/// - The pages of hugetlb mappings: an `unmap` more wherever they are dropped (by 6.12 none).
///
/// Which pages were touched is in no recording. What had a right is taken as touched, of a thread's stack the last page,
/// and what was privately writable as written; the rest as untouched. Of that rest are a stack and an allocator's arena
/// when mprotect gives them their first rights: the kernel has no page there, and says nothing.
///
/// Nor does a recording show which pages are huge: only those are taken to be that `MADV_HUGEPAGE` asked for. Zero or dirty
/// are none. What copy-on-write, msync, mbind with `MPOL_MF_MOVE`, truncation, reclaim and migration raise is missing; and
/// what fork raises for the mappings that execve makes, of the program and its stack.
///
/// Of a space whose beginning the recording does not show, addresses that no call named are taken as mapped; of any
/// other as not mapped, unless a call succeeds that needs a mapping.
struct RecordedSpace {
    var mapped = MappedSpace()
    /// Where the heap ends, a byte address; `nil` until a call shows it.
    private(set) var programBreak: UInt64?
    /// The mappings that are thread stacks, which are touched from their end.
    private var stacks = MappedSpace()
    /// How many mappings came from a parent's space.
    var inheritedMappings = 0
    /// Whether the recording shows all since execve made it.
    let isShownFromStart: Bool
    private let rules: LinuxRules
    /// One past the highest page that a call ever mapped. The kernel puts mappings below those that execve makes, the
    /// loader and the vDSO, which are always touched: in the GiB of the highest it has page tables.
    private var highestPage = 0
    /// The groups of ``RecordedProcesses`` that run in it.
    var groups: Set<Int> = []
    /// The first pages of blocks whose huge page was split.
    var splitBlocks: Set<Int> = []
    /// What the call that is being carried out raises.
    private(set) var raised: [RaisedEvent] = []

    init(isShownFromStart: Bool, rules: LinuxRules) {
        self.isShownFromStart = isShownFromStart
        self.rules = rules
    }

    /// Whether no call has shown anything of it.
    var isBlank: Bool { mapped.mappings.isEmpty && programBreak == nil }

    /// A copy for the child of a fork; see ``MappedSpace/copyForChild()``.
    func copyForChild() -> RecordedSpace {
        var copy = RecordedSpace(isShownFromStart: isShownFromStart, rules: rules)
        copy.mapped = mapped.copyForChild()
        copy.stacks = stacks
        copy.splitBlocks = splitBlocks
        copy.programBreak = programBreak
        copy.highestPage = highestPage
        copy.inheritedMappings = copy.mapped.mappings.count
        return copy
    }

    /// What a fork of this space raises.
    var raisedByFork: [RaisedEvent] {
        mapped.mappings.filter(\.isCopiedOnWrite).map { mapping in
            let event: InvalidationEvent = mapping.kind.traits.contains(.hugetlb) ? .clear : .protectionPage
            return RaisedEvent(event: event, pages: mapping.pages, isGuess: true)
        }
    }

    /// Carries out a call about memory; returns what it raises, in order. Other calls do nothing here.
    mutating func carryOut(_ call: MemoryCall) -> [RaisedEvent] {
        raised = []
        switch call {
        case .map(let pages, let kind, let replaces, let isStack):
            if replaces { unmap(pages) }
            map(pages, kind)
            if isStack { stacks.map(pages, Mapping.Kind(stackAt: pages.lowerBound)) }
        case .unmap(let pages): unmap(pages)
        case .unmapObject(let page): unmapObject(at: page)
        case .move(let from, let to, let replaces, let keepsSource): move(from, to, replaces, keepsSource)
        case .failedMove(let from, let to): failMove(from, to)
        case .protect(let pages, let protection, let key, let fails): protect(pages, protection, key, fails)
        case .discard(let pages, let way, let failure): discard(pages, way, failure)
        case .pageOut(let pages): pageOut(pages)
        case .collapse(let pages): collapse(pages)
        case .migrate(let pages):
            for page in pages { raise(.clear, page..<page + 1, isGuess: true) }
        case .change(let pages, let added, let removed):
            for piece in mapped.pieces(of: pages)
            where !piece.kind.traits.isSuperset(of: added) || !piece.kind.traits.isDisjoint(with: removed) {
                splitAround(piece.pages)
                mapped.modify(piece.pages) { $0.traits = $0.traits.subtracting(removed).union(added) }
            }
        case .askBreak(let address): programBreak = address
        case .setBreak(let address): setBreak(address)
        case .segment, .attach, .create, .exitGroup: break
        }
        return raised
    }

    mutating func raise(_ event: InvalidationEvent, _ pages: Range<Int>, isGuess: Bool = false) {
        raised.append(RaisedEvent(event: event, pages: pages, isGuess: isGuess))
    }

    /// What a call showed to be mapped whose own call is not in the recording: a program's data, or what was there before.
    static func unknown(_ pages: Range<Int>) -> Mapping {
        Mapping(pages: pages, kind: Mapping.Kind(protection: [.read, .write], isShared: false, isAnonymous: false))
    }

    private mutating func map(_ pages: Range<Int>, _ kind: Mapping.Kind) {
        mapped.map(pages, kind, by: rules)
        highestPage = max(highestPage, pages.upperBound)
        stacks.unmap(pages)
    }

    private mutating func remove(_ pages: Range<Int>) {
        mapped.unmap(pages)
        stacks.unmap(pages)
    }

    // MARK: Unmapping

    private mutating func unmap(_ pages: Range<Int>) {
        let isKnown = !mapped.overlapping(pages).isEmpty
        guard isKnown || !isShownFromStart, !pages.isEmpty else { return }
        splitAround(pages)
        raise(.unmap, pages, isGuess: !isKnown)
        for piece in mapped.pieces(of: pages) { dropHugetlb(piece) }
        remove(pages)
    }

    mutating func dropHugetlb(_ piece: Mapping) {
        if rules == .linux6_1, piece.kind.traits.contains(.hugetlb) { raise(.unmap, piece.pages) }
    }

    /// shmdt and io_destroy give the first address only.
    private mutating func unmapObject(at page: Int) {
        guard let mapping = mapped.overlapping(page..<page + 1).first, mapping.pages.lowerBound == page else {
            raise(.unmap, page..<page + 1, isGuess: true)
            return
        }
        raise(.unmap, mapping.pages, isGuess: true)
        remove(mapping.pages)
    }

    private mutating func setBreak(_ address: UInt64) {
        let old = programBreak
        programBreak = address
        guard let old, let oldPages = Mapping.pages(at: 0, size: old),
            let newPages = Mapping.pages(at: 0, size: address)
        else { return }
        if newPages.count < oldPages.count {
            unmap(newPages.count..<oldPages.count)
        } else {
            map(oldPages.count..<newPages.count, .privateMemory)
        }
    }

    // MARK: Moving

    private mutating func move(_ from: Range<Int>, _ to: Range<Int>, _ replaces: Bool, _ keepsSource: Bool) {
        let kept = from.prefix(to.count)
        let pieces = mapped.pieces(of: from.isEmpty ? from.lowerBound..<from.lowerBound + 1 : kept)
        if replaces { unmap(to) }
        unmap(kept.endIndex..<from.upperBound)
        var kind = pieces.last?.kind ?? .privateMemory
        if from.lowerBound == to.lowerBound {
            if to.upperBound > from.upperBound { map(from.upperBound..<to.upperBound, kind) }
            return
        }
        if !kept.isEmpty {
            raise(.unmap, kept, isGuess: pieces.isEmpty)
            if kind.traits.contains(.hugePages) {
                splitHugePages(moving: kept, by: to.lowerBound - from.lowerBound)
            }
            if !keepsSource { unmap(kept) }
            // Nobody mapped it in this recording, and yet it was there: it goes twice as well.
            if !keepsSource, pieces.isEmpty, isShownFromStart { raise(.unmap, kept, isGuess: true) }
        }
        // Private memory that was never written has no place of its own yet.
        if kind.isShared || !kind.isAnonymous || kind.wasWritable { kind.shift += to.lowerBound - from.lowerBound }
        map(to, kind)
    }

    /// A fixed mremap that failed: it has made room, and then found that the source is no one mapping.
    private mutating func failMove(_ from: Range<Int>, _ to: Range<Int>) {
        guard let source = mapped.overlapping(from.lowerBound..<from.lowerBound + 1).first else { return }
        let kept = from.prefix(to.count)
        guard source.pages.upperBound < kept.endIndex else { return }
        unmap(to)
        unmap(kept.endIndex..<from.upperBound)
    }

    // MARK: Protecting

    private mutating func protect(
        _ pages: Range<Int>, _ protection: Mapping.Protection, _ key: UInt64?, _ fails: Bool
    ) {
        let known = mapped.pieces(of: pages)
        // mprotect fails at the first hole, and where it succeeds there is none.
        let gaps = mapped.gaps(in: pages)
        let end = fails ? gaps.first?.lowerBound ?? pages.lowerBound : pages.upperBound
        let unknown = fails ? [] : gaps.map(Self.unknown)
        for piece in (known + unknown).sorted(by: { $0.pages.lowerBound < $1.pages.lowerBound }) {
            guard piece.pages.lowerBound < end else { return }
            let isKnown = !mapped.overlapping(piece.pages).isEmpty
            if isKnown, piece.kind.protection == protection, key == nil || key == piece.kind.key { continue }
            splitAround(piece.pages)
            raiseProtection(of: piece)
            mapped.protect(piece, protection, key: key)
        }
    }

    private mutating func raiseProtection(of piece: Mapping) {
        if piece.kind.traits.contains(.hugetlb) || (piece.isReservation && piece.kind.wasAccessible) {
            raise(.protectionVMA, piece.pages, isGuess: true)
            return
        }
        switch rules {
        case .linux6_1:
            guard piece.kind.wasAccessible else { return raiseProtectionByBlocks(of: piece) }
            for part in piece.pages.cut(atMultiplesOf: Mapping.tableSize) {
                raise(.protectionVMA, part, isGuess: true)
            }
        case .linux6_12:
            for part in piece.pages.cut(atMultiplesOf: Mapping.upperTableSize) {
                let start = piece.kind.wasAccessible ? part.lowerBound : firstWithTables(part)
                if let start { raise(.protectionVMA, start..<part.upperBound, isGuess: true) }
            }
        }
    }

    /// The first page of `pages` that lies in a GiB where the kernel has page tables.
    private func firstWithTables(_ pages: Range<Int>) -> Int? {
        pages.cut(atMultiplesOf: Mapping.tableSize).first { part in
            let table = part.lowerBound / Mapping.tableSize * Mapping.tableSize
            return (table..<table + Mapping.tableSize).contains(highestPage - 1)
                || mapped.wasAccessible(table..<table + Mapping.tableSize)
        }?.lowerBound
    }

    /// Linux 6.1 goes through the page tables GiB by GiB, and begins in each at the first 2 MiB that have any. The mapping
    /// never had a right: there are tables only where a neighbour has pages in the same 2 MiB.
    private mutating func raiseProtectionByBlocks(of piece: Mapping) {
        let first = Self.block(piece.pages.lowerBound)
        let last = Self.block(piece.pages.upperBound - 1)
        let lastTable = max(
            piece.pages.lowerBound, (piece.pages.upperBound - 1) / Mapping.tableSize * Mapping.tableSize)
        if wasTouched(first.lowerBound..<piece.pages.lowerBound) {
            let end = min(
                (piece.pages.lowerBound / Mapping.tableSize + 1) * Mapping.tableSize, piece.pages.upperBound)
            raise(.protectionVMA, piece.pages.lowerBound..<end, isGuess: true)
            if end == piece.pages.upperBound { return }
        }
        if wasTouched(piece.pages.upperBound..<max(last.upperBound, piece.pages.upperBound)) {
            raise(
                .protectionVMA, max(lastTable, last.lowerBound, piece.pages.lowerBound)..<piece.pages.upperBound,
                isGuess: true)
        }
    }

    /// Whether pages of less than a block are taken as touched: what had a right, and of a stack its last page.
    private func wasTouched(_ pages: Range<Int>) -> Bool {
        mapped.pieces(of: pages).contains { piece in
            guard piece.kind.wasAccessible else { return false }
            let parts = stacks.overlapping(piece.pages)
            return parts.isEmpty || parts.contains { piece.pages.contains($0.pages.upperBound - 1) }
        }
    }
}

extension Range<Int> {
    /// Its parts between multiples of `size`, in order.
    fileprivate func cut(atMultiplesOf size: Int) -> [Range<Int>] {
        guard !isEmpty else { return [] }
        return (lowerBound / size...(upperBound - 1) / size).map { clamped(to: $0 * size..<($0 + 1) * size) }
    }
}

extension Mapping.Kind {
    /// For the list of stacks, in which neighbours stay apart.
    fileprivate init(stackAt page: Int) {
        self.init(protection: [], isShared: false, isAnonymous: true, object: page)
    }
}
