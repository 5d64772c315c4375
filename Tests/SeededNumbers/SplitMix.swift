/// Random numbers that are the same in every run, for tests: the SplitMix64 generator of Steele, Lea and Flood (OOPSLA 2014).
/// One word of state, every seed a good one.
///
/// It stands by itself, since tests of several modules draw from it, the torture and the exploration among them.
public struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(state: UInt64) { self.state = state }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }

    /// From 0 to below 1.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}
