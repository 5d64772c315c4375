import SeededNumbers

/// Random numbers that are the same in every run. Seeds that lie close together give sequences of their own.
struct SeededRandom: RandomNumberGenerator {
    private var words: SplitMix

    init(seed: Int) { words = SplitMix(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15) }

    mutating func next() -> UInt64 { words.next() }

    /// True once in `count` times.
    mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }
}
