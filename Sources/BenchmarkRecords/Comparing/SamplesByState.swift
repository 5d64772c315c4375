/// The values of two samples of repetitions, those together that met the machine in one state.
public struct SamplesByState: Hashable, Sendable {
    /// One for each state in which both sides have values; what lies outside them has no counterpart.
    public let strata: [Stratum]
    /// How many values of the first sample are set aside: their state has no counterpart on the other side.
    public let firstSetAside: Int
    /// How many of the second.
    public let secondSetAside: Int

    /// Sorts the values of `first` and `second` by the states of all their round trips together.
    ///
    /// Values without a round trip, as of a single thread or another program, are alike among themselves. That the
    /// states depend on the round trips of both sides alike keeps the test exact.
    public init(_ first: [Repetition], _ second: [Repetition]) {
        let states = RoundTripStates(roundTrips: (first + second).compactMap(\.roundTrip))
        func byState(_ sample: [Repetition]) -> [Int?: [Double]] {
            Dictionary(grouping: sample) { states.state(of: $0.roundTrip) }.mapValues { $0.map(\.value) }
        }
        let (firsts, seconds) = (byState(first), byState(second))
        let order: [Int?] = Array(states.centres.indices) + [nil]
        strata = order.compactMap { state in
            guard let first = firsts[state], let second = seconds[state] else { return nil }
            return Stratum(first: first, second: second)
        }
        firstSetAside = first.count - strata.reduce(0) { $0 + $1.first.count }
        secondSetAside = second.count - strata.reduce(0) { $0 + $1.second.count }
    }

    /// The sizes of the strata.
    var sizes: [(n: Int, m: Int)] { strata.map { ($0.first.count, $0.second.count) } }

    /// The state whose two samples can tell the most: their test can reach the smallest p-value. `nil` where no state has
    /// values of both sides.
    ///
    /// Of several such states it is the one with the most members. The choice depends on how many values there are in a
    /// state and never on what they are, so it keeps the test exact.
    var mostTelling: Stratum? {
        func smallestP(_ stratum: Stratum) -> Double {
            Statistics.smallestMannWhitneyP(stratum.first.count, stratum.second.count)
        }
        // Strictly smaller: of equals the first stays.
        return strata.reduce(nil as Stratum?) { best, stratum in
            best.map { smallestP($0) <= smallestP(stratum) ? $0 : stratum } ?? stratum
        }
    }
}

/// One value of one repetition, and the state of the machine then.
public struct Repetition: Hashable, Sendable {
    /// The metric's value, finite.
    public let value: Double
    /// The round trip between two of the cell's cores just before, in nanoseconds; `nil` where it was not measured.
    public let roundTrip: Double?

    /// A value and the round trip that goes with it.
    public init(value: Double, roundTrip: Double?) {
        self.value = value
        self.roundTrip = roundTrip
    }
}
