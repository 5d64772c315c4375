import Foundation

/// Normally distributed noise that is the same in every run of the tests: splitmix64, and Box and Muller's transform.
struct SeededNoise: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// Above 0 and below 1.
    mutating func uniform() -> Double { (Double(next() >> 12) + 0.5) / 0x1p52 }

    /// Of mean 0 and variance 1.
    mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }

    /// Values about each of `levels`, so many of each, that vary by `spread` of the level.
    mutating func series(_ levels: [(level: Double, count: Int)], spread: Double) -> [Double] {
        levels.flatMap { level, count in (0..<count).map { _ in level * (1 + spread * normal()) } }
    }
}
