import Synchronization

/// The stripes of a guard, each on cache lines of its own.
@usableFromInline
struct Stripes: ~Copyable, Sendable {
    /// How the space is divided.
    @usableFromInline
    let size: StripeSize
    @usableFromInline
    let lines: CacheLineArray<Stripe>

    /// For page numbers below `pages`, each with its word at `word`.
    init(pages: Int, size: StripeSize, word: UInt64 = 0) {
        self.size = size
        lines = CacheLineArray(count: size.count(pages: pages)) { Stripe(word) }
    }

    /// How many there are.
    var count: Int { lines.count }

    /// A stripe; traps where the guard was made for fewer pages.
    @inlinable @inline(__always)
    subscript(index: Int) -> UnsafeMutablePointer<Stripe> {
        precondition(
            UInt(bitPattern: index) < UInt(bitPattern: lines.count), "a page lies beyond those the guard was made for")
        return lines[index]
    }

    /// The stripe that a page lies in.
    @inlinable @inline(__always)
    func stripe(at page: Int) -> UnsafeMutablePointer<Stripe> { self[size.index(of: page)] }

    /// Whether the subscription is over, as the page's stripe has it.
    @inlinable
    func isDead(at page: Int) -> Bool {
        // Relaxed: nothing is read on the strength of it, and whoever comes after released() reads true.
        stripe(at: page).pointee.word.load(ordering: .relaxed) & StripeWord.dead != 0
    }

    /// Counts the end of a section that its start counted in each of these stripes.
    func countEnd(in covered: ClosedRange<Int>) {
        for index in covered {
            self[index].pointee.updateUnlocked { word in
                StripeWord.requireOpenSection(word)
                return word &- StripeWord.section
            }
        }
    }

    /// Marks every stripe, each while nobody holds its lock.
    func markDead() {
        for index in 0..<count { self[index].pointee.updateUnlocked { $0 | StripeWord.dead } }
    }
}
