/// How many repetitions, or pairs of them, went into a comparison.
public struct ComparedCounts: Hashable, Sendable {
    /// Values of the base that are compared.
    public let base: Int
    /// Values of the new side that are compared.
    public let new: Int
    /// Values of the base that are set aside: the machine was in another state than the one that is compared in; of pairs,
    /// its state changed between the two.
    public let baseSetAside: Int
    /// The same of the new side.
    public let newSetAside: Int
    /// Whether each value of the base belongs to one of the new side.
    public let arePairs: Bool
    /// In how many states of the cores values are compared: in one, or in none where no state has values of both sides.
    public let states: Int

    /// Those of two samples, of which only `compared` are compared.
    init(base allOfBase: Int, new allOfNew: Int, compared: Stratum?) {
        base = compared?.first.count ?? 0
        new = compared?.second.count ?? 0
        baseSetAside = allOfBase - base
        newSetAside = allOfNew - new
        arePairs = false
        states = compared == nil ? 0 : 1
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
