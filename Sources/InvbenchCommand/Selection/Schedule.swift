/// One repetition of one cell.
struct PlannedRepetition: Hashable, Sendable {
    /// The cell's index in the run.
    let cell: Int
    /// Counted from 0.
    let repetition: Int
}

/// The order in which repetitions run.
enum Schedule {
    /// Rounds of blocks, both in an order drawn from `seed`. A block is one repetition of each cell of a workload, one
    /// after the other: the shorter the time between two guards, the less the machine changes between them. Not
    /// interleaved, one cell follows the other.
    ///
    /// `workloads` holds the indices of each workload's cells.
    static func order(workloads: [[Int]], repetitions: Int, isInterleaved: Bool, seed: UInt64) -> [PlannedRepetition] {
        guard isInterleaved else {
            return workloads.joined().sorted().flatMap { cell in
                (0..<repetitions).map { PlannedRepetition(cell: cell, repetition: $0) }
            }
        }
        var generator = SplitMix(state: seed)
        return (0..<repetitions).flatMap { repetition in
            workloads.shuffled(using: &generator).flatMap { cells in
                cells.shuffled(using: &generator).map { PlannedRepetition(cell: $0, repetition: repetition) }
            }
        }
    }

    /// The seed of one repetition's work: the same for every cell of a round, so that guards meet the same work.
    static func workSeed(seed: UInt64, repetition: Int) -> UInt64 {
        var generator = SplitMix(state: seed ^ (UInt64(repetition) << 32))
        return generator.next()
    }
}

/// The SplitMix64 generator of Steele, Lea and Flood (OOPSLA 2014): one word of state, every seed a good one.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
