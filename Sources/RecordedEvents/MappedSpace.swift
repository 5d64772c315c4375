/// The mappings of one address space that are known, sorted and disjoint.
///
/// A mapping is known if the trace shows the call that made it. Anonymous neighbours of one kind are one mapping, as
/// the kernel merges them.
struct MappedSpace: Equatable {
    private(set) var mappings: [Mapping] = []

    /// The smallest range that holds every known page of `range`; `nil` where none is known.
    func hull(of range: Range<Int>) -> Range<Int>? {
        let hits = overlapping(range)
        guard let first = hits.first, let last = hits.last else { return nil }
        return first.pages.clamped(to: range).lowerBound..<last.pages.clamped(to: range).upperBound
    }

    /// What is known of `range`, clipped to it.
    func pieces(of range: Range<Int>) -> [Mapping] {
        overlapping(range).compactMap { $0.part(range) }
    }

    /// `range` is one mapping from here on, whatever was there.
    mutating func map(_ range: Range<Int>, _ kind: Mapping.Kind) {
        replace(range) { _ in [Mapping(pages: range, kind: kind)] }
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

    /// Nothing is mapped any more; returns what was.
    mutating func removeAll() -> [Mapping] {
        defer { mappings = [] }
        return mappings
    }

    /// A copy for the child of a fork.
    func copyForChild() -> MappedSpace {
        guard mappings.contains(where: { $0.kind.forkRule == .omitted }) else { return self }
        return MappedSpace(mappings: mappings.filter { $0.kind.forkRule != .omitted })
    }

    private func overlapping(_ range: Range<Int>) -> ArraySlice<Mapping> {
        guard !range.isEmpty else { return [] }
        let first = firstIndex { $0.pages.upperBound > range.lowerBound }
        let end = firstIndex { $0.pages.lowerBound >= range.upperBound }
        return mappings[first..<max(first, end)]
    }

    /// Cuts what lies in `range` out, puts what `change` makes of it in its place, and merges with the neighbours.
    private mutating func replace(_ range: Range<Int>, _ change: ([Mapping]) -> [Mapping]) {
        guard !range.isEmpty else { return }
        // The neighbours that only touch the range are taken along, to be merged with.
        let first = firstIndex { $0.pages.upperBound >= range.lowerBound }
        let end = max(first, firstIndex { $0.pages.lowerBound > range.upperBound })
        let old = mappings[first..<end]
        var new: [Mapping] = []
        let before = old.compactMap { $0.part(Int.min..<range.lowerBound) }
        let after = old.compactMap { $0.part(range.upperBound..<Int.max) }
        for mapping in before + change(old.compactMap { $0.part(range) }) + after {
            if let last = new.last, last.pages.upperBound == mapping.pages.lowerBound, last.kind == mapping.kind,
                mapping.kind.isAnonymous
            {
                new[new.count - 1].pages = last.pages.lowerBound..<mapping.pages.upperBound
            } else {
                new.append(mapping)
            }
        }
        mappings.replaceSubrange(first..<end, with: new)
    }

    /// The first index whose mapping satisfies `isBeyond`, which holds from some index on.
    private func firstIndex(_ isBeyond: (Mapping) -> Bool) -> Int {
        var low = 0
        var high = mappings.count
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(mappings[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension Mapping {
    /// The part of the mapping in `range`; `nil` where there is none.
    fileprivate func part(_ range: Range<Int>) -> Mapping? {
        let part = pages.clamped(to: range)
        return part.isEmpty ? nil : Mapping(pages: part, kind: kind)
    }
}
