/// A fixed number of elements, each on cache lines of its own, so that threads on different elements do not disturb
/// each other.
///
/// Lines are 128 bytes: 64-byte lines are fetched in pairs on current x86-64, and Arm servers have 128.
@usableFromInline
struct CacheLineArray<Element: ~Copyable>: ~Copyable, @unchecked Sendable {
    // @unchecked: it only hands out borrows of its elements; sharing is the elements' affair.
    @usableFromInline
    let base: UnsafeMutableRawPointer
    @usableFromInline
    let count: Int

    @usableFromInline
    static var lineSize: Int { 128 }

    /// Known where the element's type is: an address costs a shift, not a multiplication.
    @inlinable @inline(__always)
    static var stride: Int { (MemoryLayout<Element>.size + Self.lineSize - 1) / Self.lineSize * Self.lineSize }

    @inlinable
    init(count: Int, _ makeElement: () -> Element) {
        base = .allocate(byteCount: Self.stride * count, alignment: Self.lineSize)
        self.count = count
        for index in 0..<count {
            (base + index * Self.stride).initializeMemory(as: Element.self, to: makeElement())
        }
    }

    @inlinable
    deinit {
        for index in 0..<count { self[index].deinitialize(count: 1) }
        base.deallocate()
    }

    /// The address of an element; valid as long as the array is. `index` must be in `0 ..< count`.
    @inlinable @inline(__always)
    subscript(index: Int) -> UnsafeMutablePointer<Element> {
        assert(index >= 0 && index < count)
        return (base + index &* Self.stride).assumingMemoryBound(to: Element.self)
    }
}
