/// The stripes of guards that divide the space: 2 MiB each, 512 pages of 4 KiB.
@usableFromInline
enum Stripe {
    @usableFromInline
    static var shift: Int { 9 }

    /// How many stripes `pages` pages take.
    @usableFromInline
    static func count(pages: Int) -> Int { (pages + (1 << shift) - 1) >> shift }

    /// The stripes that a range touches.
    @usableFromInline
    static func indices(of range: InvalidationRange) -> ClosedRange<Int> {
        range.startPage >> shift...(range.endPage - 1) >> shift
    }
}
