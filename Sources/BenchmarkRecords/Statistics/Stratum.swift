/// Two samples of which any value of the one may be compared with any of the other.
///
/// Repetitions that met the machine in different states form several of them: within each, like is compared with like,
/// and the test adds up what all of them say.
public struct Stratum: Hashable, Sendable {
    /// The values of the one side, finite.
    public let first: [Double]
    /// The values of the other side, finite.
    public let second: [Double]

    /// Two samples that were taken under the same conditions.
    public init(first: [Double], second: [Double]) {
        self.first = first
        self.second = second
    }

    /// Whether there is anything to compare.
    var isTwoSided: Bool { !first.isEmpty && !second.isEmpty }
}
