import Synchronization

/// Which region a page belongs to: a radix tree of 64-bit words over page numbers, three levels deep, that any thread reads
/// without a lock.
///
/// Legal states of a word, which is written with the table's lock held:
///
///     value              meaning
///     0                  no region
///     index * 2 + 1      all pages under the word belong to the region of that index
///     an address, even   the node with the words of the next level; not on the lowest level
///
/// So a region of a gibibyte costs one word and not 262,144. A word says where to look and nothing more: a node that is empty is
/// used again for other pages while a reader still stands in it, and what the reader finds there leads it to a wrong region, or
/// to one that is gone. The reader pins that region and then looks at its record (``RegistrationCache``). For the same reason
/// the memory of nodes is only given back with the whole table.
struct PageTable: ~Copyable {
    typealias Word = Atomic<UInt64>
    typealias Words = UnsafeMutablePointer<Word>

    /// Addresses are below 2^48.
    static var addressBits: UInt64 { 48 }
    static var nodeBits: UInt64 { 9 }
    static var nodeMask: UInt64 { 1 << nodeBits - 1 }

    /// What a node's words are followed by. Only touched with the table's lock held.
    private struct Footer {
        /// How many words are not 0.
        var used: Int
        var nextFree: Words?
    }

    private static var wordCount: Int { 1 << Int(nodeBits) }
    /// With the footer, on cache lines of its own.
    private static var nodeSize: Int { wordCount * 8 + 64 }
    private static var nodesInChunk: Int { 64 }

    let root: Words
    let pageBits: UInt64
    private let rootCount: Int
    private var firstFree: Words?
    /// The mapped chunks, the address of each in the footer-sized head of the one mapped after it.
    private var lastChunk: UnsafeMutablePointer<UInt8>?

    init(pageBits: UInt64) {
        self.pageBits = pageBits
        rootCount = 1 << Int(Self.addressBits - pageBits - 2 * Self.nodeBits)
        root = ZeroedMemory.map(Word.self, count: rootCount)
    }

    deinit {
        ZeroedMemory.unmap(root, count: rootCount)
        var chunk = lastChunk
        while let current = chunk {
            chunk = UnsafeRawPointer(current).load(as: UnsafeMutablePointer<UInt8>?.self)
            ZeroedMemory.unmap(current, count: Self.chunkSize)
        }
    }

    private static var chunkSize: Int { 64 + nodesInChunk * nodeSize }

    /// The index of the region that the page seems to belong to; `page` must be below 2^48 / page size.
    @inline(__always)
    static func find(_ page: UInt64, in root: Words) -> UInt32? {
        // Acquiring, all three: a node's words are zeroes or written for it, and a record is filled in, before the word that
        // leads to it (pairs with write).
        var word = root[Int(truncatingIfNeeded: page &>> (2 &* nodeBits))].load(ordering: .acquiring)
        if _fastPath(word & 1 == 0) {
            guard let middle = Words(bitPattern: UInt(word)) else { return nil }
            word = middle[Int(truncatingIfNeeded: page &>> nodeBits & nodeMask)].load(ordering: .acquiring)
            if _fastPath(word & 1 == 0) {
                guard let low = Words(bitPattern: UInt(word)) else { return nil }
                word = low[Int(truncatingIfNeeded: page & nodeMask)].load(ordering: .acquiring)
                // Even: no region, or this node has become one of the level above.
                if word & 1 == 0 { return nil }
            }
        }
        return UInt32(truncatingIfNeeded: word &>> 1)
    }

    // MARK: With the table's lock held

    /// Makes the pages belong to a region; no other one may have any of them. `false` if there is no memory for nodes; then
    /// some of the pages may belong to it.
    mutating func assign(_ pages: Range<UInt64>, to index: UInt32) -> Bool {
        set(UInt64(index) << 1 | 1, pages, in: root, level: 2)
    }

    /// Takes the pages from the region that has them.
    mutating func clear(_ pages: Range<UInt64>) { _ = set(0, pages, in: root, level: 2) }

    /// The region of the first of the pages that belongs to any.
    func first(in pages: Range<UInt64>) -> UInt32? { first(in: pages, of: root, level: 2) }

    /// In a forked child: no page belongs to a region. The parent's nodes stay where they are, as another thread may have been
    /// about to change them.
    mutating func resetAfterFork() {
        ZeroedMemory.clear(root, count: rootCount)
        firstFree = nil
        lastChunk = nil
    }

    /// Writes the words of the pages below one node; the root is on level 2.
    private mutating func set(_ value: UInt64, _ pages: Range<UInt64>, in words: Words, level: UInt64) -> Bool {
        let shift = level * Self.nodeBits
        var page = pages.lowerBound
        while page < pages.upperBound {
            let next = min((page >> shift + 1) << shift, pages.upperBound)
            let place = words + Self.index(of: page, level: level)
            let word = place.pointee.load(ordering: .relaxed)
            if next - page == 1 << shift, word & 1 != 0 || word == 0 {
                write(value, at: place, in: words, level: level)
            } else if let child = Words(bitPattern: word & 1 == 0 ? UInt(word) : 0) {
                guard set(value, page..<next, in: child, level: level - 1) else { return false }
                if footer(of: child).pointee.used == 0 {
                    write(0, at: place, in: words, level: level)
                    giveBack(child)
                }
            } else if value != 0 {
                assert(word == 0, "a page belongs to two regions")
                guard let child = takeNode() else { return false }
                write(UInt64(UInt(bitPattern: child)), at: place, in: words, level: level)
                guard set(value, page..<next, in: child, level: level - 1) else { return false }
            }
            page = next
        }
        return true
    }

    private static func index(of page: UInt64, level: UInt64) -> Int {
        let index = page >> (level * nodeBits)
        return Int(level == 2 ? index : index & nodeMask)
    }

    private func write(_ value: UInt64, at place: Words, in words: Words, level: UInt64) {
        if level != 2 {
            let old = place.pointee.load(ordering: .relaxed)
            footer(of: words).pointee.used += (value == 0 ? 0 : 1) - (old == 0 ? 0 : 1)
        }
        // Releasing: see find.
        place.pointee.store(value, ordering: .releasing)
    }

    private func first(in pages: Range<UInt64>, of words: Words, level: UInt64) -> UInt32? {
        let shift = level * Self.nodeBits
        var page = pages.lowerBound
        while page < pages.upperBound {
            let next = min((page >> shift + 1) << shift, pages.upperBound)
            let word = words[Self.index(of: page, level: level)].load(ordering: .relaxed)
            if word & 1 != 0 { return UInt32(word >> 1) }
            if let child = Words(bitPattern: UInt(word)),
                let found = first(in: page..<next, of: child, level: level - 1)
            {
                return found
            }
            page = next
        }
        return nil
    }

    // MARK: Nodes

    private func footer(of words: Words) -> UnsafeMutablePointer<Footer> {
        UnsafeMutableRawPointer(words + Self.wordCount).assumingMemoryBound(to: Footer.self)
    }

    /// A node of zeroes; `nil` if there is no memory.
    private mutating func takeNode() -> Words? {
        if firstFree == nil { addChunk() }
        guard let node = firstFree else { return nil }
        firstFree = footer(of: node).pointee.nextFree
        return node
    }

    private mutating func giveBack(_ node: Words) {
        footer(of: node).pointee.nextFree = firstFree
        firstFree = node
    }

    private mutating func addChunk() {
        guard let chunk = ZeroedMemory.tryMap(UInt8.self, count: Self.chunkSize) else { return }
        UnsafeMutableRawPointer(chunk).storeBytes(of: lastChunk, as: UnsafeMutablePointer<UInt8>?.self)
        lastChunk = chunk
        for index in 0..<Self.nodesInChunk {
            giveBack(UnsafeMutableRawPointer(chunk + (64 + index * Self.nodeSize)).assumingMemoryBound(to: Word.self))
        }
    }
}
