import NotifierDispatch

extension InvalidationRange {
    /// A range that is known to be none of those that are refused.
    static func of(_ pages: Range<Int>) -> InvalidationRange {
        guard let range = InvalidationRange(pages: pages) else { fatalError("no range: \(pages)") }
        return range
    }
}

extension Invalidation {
    static func blockable(_ pages: Range<Int> = 0..<16) -> Invalidation {
        Invalidation(range: .of(pages), event: .unmap)
    }

    static func nonBlockable(_ pages: Range<Int> = 0..<16) -> Invalidation {
        Invalidation(range: .of(pages), event: .clear, isBlockable: false)
    }
}

/// A start did not succeed that had to.
struct StartFailed: Error {}

/// The section of a start that must have succeeded.
func opened(_ section: consuming InvalidationSection?) throws -> InvalidationSection {
    guard let section = consume section else { throw StartFailed() }
    return section
}

extension NotifierList {
    /// Whether a start succeeds; if so, the section is ended at once.
    func startsAndEnds(_ invalidation: Invalidation) -> Bool {
        guard let section = invalidateRangeStart(invalidation) else { return false }
        invalidateRangeEnd(section)
        return true
    }
}

extension AddressSpace {
    /// Whether a start succeeds; if so, the section is ended at once.
    func startsAndEnds(_ invalidation: Invalidation) -> Bool {
        guard let section = invalidateRangeStart(invalidation) else { return false }
        invalidateRangeEnd(section)
        return true
    }
}
