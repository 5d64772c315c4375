/// How large the parts are into which a guard divides the space, so that faults and sections in different ones do not
/// meet: a power of two of pages.
public struct StripeSize: Hashable, Sendable {
    /// Below 64, which the compiler does not know: shifts by it that are defined for any amount take ten instructions.
    @usableFromInline
    let shift: Int

    @inlinable
    init(shift: Int) { self.shift = shift }

    /// 2 MiB: 512 pages of 4 KiB.
    @inlinable
    public static var hugePage: StripeSize { StripeSize(shift: 9) }

    /// So many pages; `nil` where that is no power of two.
    public init?(pages: Int) {
        guard pages > 0, pages.nonzeroBitCount == 1 else { return nil }
        self.init(shift: pages.trailingZeroBitCount)
    }

    /// How many pages a stripe has.
    public var pages: Int { 1 << shift }

    /// How many stripes `pages` pages take.
    @usableFromInline
    func count(pages: Int) -> Int { (pages + self.pages - 1) >> shift }

    /// The stripe that a page lies in.
    @inlinable @inline(__always)
    func index(of page: Int) -> Int { page &>> shift }

    /// The stripes that a range touches.
    @usableFromInline
    func indices(of range: InvalidationRange) -> ClosedRange<Int> {
        index(of: range.startPage)...index(of: range.endPage - 1)
    }

    /// What a range covers of one of the stripes that it touches.
    @usableFromInline
    func part(of range: InvalidationRange, in stripe: Int) -> InvalidationRange {
        let pages = self.range(of: stripe)
        return InvalidationRange(
            start: max(range.startPage, pages.startPage), end: min(range.endPage, pages.endPage))
    }

    /// The pages of a stripe.
    @usableFromInline
    func range(of stripe: Int) -> InvalidationRange {
        InvalidationRange(start: stripe &<< shift, end: (stripe + 1) &<< shift)
    }
}
