import Foundation
import SeededNumbers

/// Normally distributed noise that is the same in every run of the tests: Box and Muller's transform.
struct SeededNoise: RandomNumberGenerator {
    private var words: SplitMix

    init(seed: UInt64) { words = SplitMix(state: seed) }

    mutating func next() -> UInt64 { words.next() }

    /// Above 0 and below 1.
    mutating func uniform() -> Double { (Double(next() >> 12) + 0.5) / 0x1p52 }

    /// Of mean 0 and variance 1.
    mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }

    /// Values about each of `levels`, so many of each, that vary by `spread` of the level.
    mutating func series(_ levels: [(level: Double, count: Int)], spread: Double) -> [Double] {
        levels.flatMap { level, count in (0..<count).map { _ in level * (1 + spread * normal()) } }
    }
}
