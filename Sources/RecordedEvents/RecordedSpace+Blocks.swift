// The blocks of 2 MiB that may be huge pages: what splits them, and the calls that empty them in whole or in part.

extension RecordedSpace {
    /// The 2 MiB that a page lies in.
    static func block(_ page: Int) -> Range<Int> {
        let start = page / Mapping.blockSize * Mapping.blockSize
        return start..<start + Mapping.blockSize
    }

    /// The numbers of the whole 2 MiB that lie in `pages`.
    private static func wholeBlocks(in pages: Range<Int>) -> Range<Int> {
        let first = (pages.lowerBound + Mapping.blockSize - 1) / Mapping.blockSize
        return first..<max(first, pages.upperBound / Mapping.blockSize)
    }

    // MARK: Splitting

    /// The mappings that begin before `pages` and end in it or after it are cut there.
    mutating func splitAround(_ pages: Range<Int>) {
        for mapping in mapped.overlapping(pages) {
            var rest = mapping.pages
            for place in [pages.lowerBound, pages.upperBound] where rest.contains(place) && place > rest.lowerBound {
                split(rest, at: place)
                rest = place..<rest.upperBound
            }
        }
    }

    /// A mapping is cut: what might be a huge page there is split, if the kernel has page tables in that GiB.
    private mutating func split(_ mapping: Range<Int>, at place: Int) {
        let block = Self.block(place)
        guard place != block.lowerBound, mapping.lowerBound <= block.lowerBound, block.upperBound <= mapping.upperBound
        else { return }
        let table = place / Mapping.tableSize * Mapping.tableSize
        if mapped.wasAccessible(table..<table + Mapping.tableSize) { raise(.clear, block, isGuess: true) }
        splitBlocks.insert(block.lowerBound)
    }

    /// What might be a huge page at `place` is split where a call takes a part of it. Pages are taken to be huge where
    /// `MADV_HUGEPAGE` asked for it, until they are split, and again when all of them have been discarded.
    private mutating func splitHugePage(at place: Int, times: Int = 1) {
        let block = Self.block(place)
        guard let mapping = mapped.overlapping(place..<place + 1).first, mapping.kind.traits.contains(.hugePages),
            mapping.kind.wasWritable, mapping.pages.lowerBound <= block.lowerBound,
            block.upperBound <= mapping.pages.upperBound, splitBlocks.insert(block.lowerBound).inserted
        else { return }
        for _ in 0..<times { raise(.clear, block, isGuess: true) }
    }

    /// `pages` of a mapping are discarded. `MADV_FREE` splits the page itself besides, which is a second `clear`.
    private mutating func splitHugePages(discarding pages: Range<Int>, _ way: MemoryCall.Discarding) {
        let times = way == .free ? 2 : 1
        if pages.lowerBound % Mapping.blockSize != 0 { splitHugePage(at: pages.lowerBound, times: times) }
        if pages.upperBound % Mapping.blockSize != 0 { splitHugePage(at: pages.upperBound - 1, times: times) }
        guard way == .dontNeed, !splitBlocks.isEmpty else { return }
        let whole = Self.wholeBlocks(in: pages)
        if whole.count < splitBlocks.count {
            for block in whole { splitBlocks.remove(block * Mapping.blockSize) }
        } else {
            splitBlocks = splitBlocks.filter { !whole.contains($0 / Mapping.blockSize) }
        }
    }

    /// `pages` of a mapping move by `distance`: whole huge pages only from one multiple of 2 MiB to another.
    mutating func splitHugePages(moving pages: Range<Int>, by distance: Int) {
        for start in stride(from: Self.block(pages.lowerBound).lowerBound, to: pages.upperBound, by: Mapping.blockSize)
        where distance % Mapping.blockSize != 0 || start < pages.lowerBound
            || start + Mapping.blockSize > pages.upperBound
        {
            splitHugePage(at: start)
        }
    }

    // MARK: Discarding and reclaiming

    mutating func discard(
        _ pages: Range<Int>, _ way: MemoryCall.Discarding, _ failure: MemoryCall.AdviceFailure?
    ) {
        var pieces = mapped.pieces(of: pages)
        switch failure {
        case .hole: break
        case .unsuitable:
            guard let end = pieces.firstIndex(where: { !Self.isSuitable($0, for: way) }) else { return }
            pieces = Array(pieces[..<end])
        case nil:
            pieces += mapped.gaps(in: pages).map(Self.unknown)
            pieces.sort { $0.pages.lowerBound < $1.pages.lowerBound }
        }
        for piece in pieces {
            raise(.clear, piece.pages, isGuess: mapped.overlapping(piece.pages).isEmpty)
            dropHugetlb(piece)
            splitHugePages(discarding: piece.pages, way)
            guard way == .remove, piece.kind.object != 0 else { continue }
            for other in mapped.mappings where other.kind.object == piece.kind.object && other.kind.isShared {
                let place = other.kind.shift - piece.kind.shift
                guard place != 0 else { continue }
                let part = (piece.pages.lowerBound + place..<piece.pages.upperBound + place).clamped(to: other.pages)
                if !part.isEmpty { raise(.clear, part, isGuess: piece.kind.object > 0) }
            }
        }
    }

    mutating func pageOut(_ pages: Range<Int>) {
        for piece in mapped.pieces(of: pages) where piece.kind.wasAccessible && !piece.isReservation {
            guard raised.count <= KernelEvents.mostSteps else { return }
            for page in piece.pages { raise(.clear, page..<page + 1, isGuess: true) }
        }
    }

    mutating func collapse(_ pages: Range<Int>) {
        for piece in mapped.pieces(of: pages) + mapped.gaps(in: pages).map(Self.unknown) where !piece.isReservation {
            guard raised.count <= KernelEvents.mostSteps else { return }
            for block in Self.wholeBlocks(in: piece.pages) {
                raise(.clear, Self.block(block * Mapping.blockSize), isGuess: true)
            }
        }
    }

    private static func isSuitable(_ piece: Mapping, for way: MemoryCall.Discarding) -> Bool {
        switch way {
        case .dontNeed: !piece.kind.traits.contains(.locked)
        case .free: piece.kind.isAnonymous && !piece.kind.isShared && !piece.kind.traits.contains(.locked)
        case .remove: piece.kind.isShared && !piece.kind.traits.contains(.locked)
        case .other: true
        }
    }
}
