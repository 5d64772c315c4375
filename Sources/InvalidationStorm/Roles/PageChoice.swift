import Glibc
import NotifierDispatch

/// A small fast random generator (wyrand, of Wang Yi's wyhash): one multiplication a number, since every fault draws one.
/// One a thread.
public struct RandomSequence: Sendable {
    @usableFromInline
    var state: UInt64

    /// The sequence of a seed; `stream` tells the threads of a run apart.
    public init(seed: UInt64, stream: Int) {
        state = seed
        state = next() ^ (UInt64(truncatingIfNeeded: stream) &* 0x9e37_79b9_7f4a_7c15)
    }

    /// The next word; all its bits are random.
    @inlinable @inline(__always)
    public mutating func next() -> UInt64 {
        state &+= 0xa076_1d64_78bd_642f
        let product = state.multipliedFullWidth(by: state ^ 0xe703_7ed1_a0b4_28db)
        return product.high ^ product.low
    }

    /// A number in `0 ..< bound`, which must be at most 2^32. The bias is below `bound / 2^32`.
    @inlinable @inline(__always)
    public mutating func below(_ bound: Int) -> Int { Int(((next() &>> 32) &* UInt64(bound)) &>> 32) }

    /// The time to the next of independent events that come once in `mean` on average.
    mutating func exponential(mean: Double) -> Double {
        -mean * log(Double((next() &>> 11) + 1) * 0x1p-53)
    }
}

/// Which pages fault: all alike, nine faults in ten in the hot part at the start of the space, one behind the other, or
/// as they were recorded.
public struct PageChoice: @unchecked Sendable {
    // Safety: `recorded` is only read, and whoever makes a choice of recorded pages keeps them in place while it is used.
    @usableFromInline
    var random: RandomSequence
    @usableFromInline
    let pages: UInt64
    @usableFromInline
    let hotPages: UInt64
    /// The share of choices that fall into the hot part, in units of 2^-32; 0 where all pages are alike.
    @usableFromInline
    let hotShare: UInt64
    /// How far the next page lies behind the last one; 0 where they are chosen at random.
    @usableFromInline
    let step: Int
    /// The last page, where they follow each other; the place of the last one, where they are recorded.
    @usableFromInline
    var last: Int
    /// The pages as they were recorded, of which `pages` says how many there are; `nil` for none.
    @usableFromInline
    let recorded: UnsafePointer<UInt32>?

    /// Steps are of as many pages as a fault fills in. Each stream begins them elsewhere, and so it does `recorded` pages,
    /// which it goes through from the start again at the end; where there are some, they are all that fault.
    init(
        scenario: Scenario, pagesPerFault: Int = 1, recorded: UnsafeBufferPointer<UInt32>? = nil, seed: UInt64,
        stream: Int
    ) {
        random = RandomSequence(seed: seed, stream: stream)
        hotPages = UInt64(scenario.hotPages)
        if let recorded, let first = recorded.baseAddress, !recorded.isEmpty {
            self.recorded = first
            pages = UInt64(recorded.count)
            hotShare = 0
            step = 1
            last = random.below(recorded.count)
        } else {
            self.recorded = nil
            pages = UInt64(scenario.pages)
            hotShare = scenario.hotFraction < 1 ? UInt64(0.9 * 0x1p32) : 0
            step = scenario.faultsInSteps ? pagesPerFault : 0
            last = step == 0 ? 0 : random.below(max(1, scenario.pages / step)) * step
        }
    }

    /// Whether all pages are alike.
    @inlinable @inline(__always)
    var isUniform: Bool { hotShare == 0 && step == 0 }

    /// One random word a page: the lower half chooses the part, the upper half the page in it.
    @inlinable @inline(__always)
    mutating func next() -> Int {
        guard step == 0 else {
            last = last &+ step < Int(truncatingIfNeeded: pages) ? last &+ step : 0
            guard let recorded else { return last }
            return Int(truncatingIfNeeded: recorded[last])
        }
        let word = random.next()
        let bound = word & 0xffff_ffff < hotShare ? hotPages : pages
        return Int(truncatingIfNeeded: ((word &>> 32) &* bound) &>> 32)
    }

    /// The same where all pages are alike, which leaves the choice of the part out.
    @inlinable @inline(__always)
    mutating func nextOfAll() -> Int {
        Int(truncatingIfNeeded: ((random.next() &>> 32) &* pages) &>> 32)
    }
}
