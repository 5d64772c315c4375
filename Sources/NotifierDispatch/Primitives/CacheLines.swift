import Glibc

/// A fixed number of elements, each on cache lines of its own, so that threads on different elements do not disturb
/// each other.
///
/// Lines are 128 bytes: current x86-64 fetches 64-byte lines in pairs, and Arm servers have 128.
@usableFromInline
struct CacheLineArray<Element: ~Copyable>: ~Copyable, @unchecked Sendable {
    // @unchecked: it only hands out borrows of its elements, whose types say how threads share them.
    @usableFromInline
    let base: UnsafeMutableRawPointer
    @usableFromInline
    let count: Int

    @usableFromInline
    static var lineSize: Int { 128 }

    /// A constant in code that knows the element's type: an address costs a shift, not a multiplication.
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

    /// The address of an element, valid as long as the array is. `index` must be in `0 ..< count`.
    @inlinable @inline(__always)
    subscript(index: Int) -> UnsafeMutablePointer<Element> {
        assert(index >= 0 && index < count)
        return (base + index &* Self.stride).assumingMemoryBound(to: Element.self)
    }
}

/// Memory for each thread, at its dense index: a pair of cache lines of its own, zeroes at first, valid as long as this
/// is. The kernel adds the memory at the first touch, so only threads that use it cost any.
///
/// One thread at a time uses an index. The next thread that gets it finds what the last one left.
@usableFromInline
package struct ThreadLines: ~Copyable, @unchecked Sendable {
    // @unchecked: the code that uses the lines says how threads share them.

    /// The line of index 0. Before it lies the line of index -1, which belongs to threads that are not registered and
    /// is always zeroes. So a thread that loads from its line anyway need not test its index, too.
    @usableFromInline
    let first: UnsafeMutableRawPointer

    /// As in all of the engine: 64-byte lines are fetched in pairs, and Arm servers have 128.
    @usableFromInline
    static var lineSize: Int { 128 }

    /// What is reserved, in bytes, from ``start``.
    static var size: Int { (ThreadRegistration.maximumThreads + 1) * lineSize }

    /// Lines for every thread that can be registered: half a mebibyte of addresses.
    @usableFromInline
    package init() {
        // Fresh pages of the kernel: they are zero, and take no memory until a thread writes to them.
        let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { fatalError("no memory for the lines of all threads") }
        first = memory + Self.lineSize
    }

    deinit { munmap(start, Self.size) }

    var start: UnsafeMutableRawPointer { first - Self.lineSize }

    /// In a forked child: zeroes again, whatever threads that are no more have left.
    func resetAfterFork() {
        let status = madvise(start, Self.size, Int32(MADV_DONTNEED))
        precondition(status == 0, "madvise failed with error \(errno)")
    }

    /// The line of an index, from -1.
    @inlinable @inline(__always)
    package func line(at index: Int) -> UnsafeMutableRawPointer { first + index &* Self.lineSize }

    /// The calling thread's line; that of index -1 if the thread is not registered.
    @inlinable @inline(__always)
    package var mine: UnsafeMutableRawPointer { line(at: Int(ThreadRegistration.index)) }
}
