import NotifierDispatch

/// What the walks of one faulting thread over ranges find, and how many pages it has filled in.
@usableFromInline
struct WalkedPages: @unchecked Sendable {
    // @unchecked: only its thread uses it.

    /// How many pages were filled in, and then the generations of the last walk.
    @usableFromInline
    let words: UnsafeMutablePointer<UInt64>

    /// Room for walks over so many pages; `nil` for one page, which needs none. To be given back by ``deallocate()``.
    @usableFromInline
    init?(room pages: Int) {
        guard pages > 1 else { return nil }
        words = .allocate(capacity: 1 + pages)
        words.initialize(repeating: 0, count: 1 + pages)
    }

    @usableFromInline
    func deallocate() { words.deallocate() }

    /// The generation of a page of the range that was walked last.
    @inlinable @inline(__always)
    subscript(page: Int, of range: InvalidationRange) -> UInt64 {
        get { words[1 &+ page &- range.startPage] }
        nonmutating set { words[1 &+ page &- range.startPage] = newValue }
    }

    /// How many pages were filled in so far.
    @usableFromInline
    var installed: UInt64 { words.pointee }

    @inlinable @inline(__always)
    func count(_ pages: Int) { words.pointee &+= UInt64(pages) }
}
