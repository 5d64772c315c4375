/// The pages that one invalidation covers: the half-open interval `startPage ..< endPage` of page numbers.
///
/// A page number counts pages from the start of the address space that the notifiers watch; callers with byte
/// addresses round outwards. A range is never empty (invariant 20): an empty one is refused at `init`.
public struct InvalidationRange: Hashable, Sendable {
    /// The first page covered, 0 or above.
    public let startPage: Int
    /// One past the last page covered; above `startPage`.
    public let endPage: Int

    /// The range of `pages`, or `nil` where it is empty or starts below page 0.
    @inlinable
    public init?(pages: Range<Int>) {
        guard pages.lowerBound >= 0, !pages.isEmpty else { return nil }
        startPage = pages.lowerBound
        endPage = pages.upperBound
    }

    /// Of bounds that are known to be right.
    init(start: Int, end: Int) {
        startPage = start
        endPage = end
    }

    /// All pages that there can be.
    static let everything = InvalidationRange(start: 0, end: .max)

    /// The range as Swift's own half-open range, to iterate over.
    @inlinable
    public var pages: Range<Int> { startPage..<endPage }

    /// The number of pages covered, 1 or above.
    @inlinable
    public var count: Int { endPage - startPage }

    /// Whether `page` is covered.
    @inlinable
    public func contains(_ page: Int) -> Bool { startPage <= page && page < endPage }

    /// Whether the two ranges share a page. Adjacent ranges share none.
    @inlinable
    public func overlaps(_ other: InvalidationRange) -> Bool {
        startPage < other.endPage && other.startPage < endPage
    }

    /// What the two ranges share; `nil` where they share nothing.
    @inlinable
    public func intersection(_ other: InvalidationRange) -> InvalidationRange? {
        let start = max(startPage, other.startPage)
        let end = min(endPage, other.endPage)
        return start < end ? InvalidationRange(pages: start..<end) : nil
    }
}
