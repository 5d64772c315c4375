/// How many repetitions, or pairs of them, went into a comparison.
public struct ComparedCounts: Hashable, Sendable {
    /// Values of the base that are compared.
    public let base: Int
    /// Values of the new side that are compared.
    public let new: Int
    /// Values of the base that are set aside: none of the other side met the machine in their state.
    public let baseSetAside: Int
    /// The same of the new side.
    public let newSetAside: Int
    /// Whether each value of the base belongs to one of the new side.
    public let arePairs: Bool
    /// In how many states of the cores values are compared, each with its like.
    public let states: Int

    /// Those of two samples that were compared state by state.
    init(_ samples: LikeWithLike) {
        base = samples.strata.reduce(0) { $0 + $1.first.count }
        new = samples.strata.reduce(0) { $0 + $1.second.count }
        baseSetAside = samples.firstSetAside
        newSetAside = samples.secondSetAside
        arePairs = false
        states = samples.strata.count
    }

    /// Those of so many pairs.
    init(pairs: Int, setAside: Int) {
        base = pairs
        new = pairs
        baseSetAside = setAside
        newSetAside = setAside
        arePairs = true
        states = pairs > 0 ? 1 : 0
    }
}
