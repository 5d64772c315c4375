/// The states in which a virtual machine keeps its cores, told apart by the round trip between two of them.
///
/// A hypervisor moves virtual cores about; what they share decides how fast they reach each other, and with it the
/// throughput of everything that two threads touch. Only repetitions of one state are alike.
///
/// The rule: where the most round trips lie within a factor of 1.5 of one, their median is the centre of a state, and
/// what lies within the factor of it belongs to the state; then the same for the rest. So a few round trips between two
/// states do not join them.
public struct RoundTripStates: Hashable, Sendable {
    /// The centres, in nanoseconds, of the states with the most members first.
    public let centres: [Double]

    /// How far from its centre a round trip still belongs to the state, unless something else is said.
    public static let factor = 1.5
    private let factor: Double

    /// Finds the states of these round trips, in nanoseconds and above 0. Within `factor` of its centre, above 1, a round
    /// trip belongs to a state.
    public init(roundTrips: [Double], factor: Double = RoundTripStates.factor) {
        self.factor = factor
        var rest = roundTrips.filter { $0 > 0 }.sorted()
        var centres: [Double] = []
        while !rest.isEmpty {
            let centre = Self.centre(of: rest, factor: factor)
            centres.append(centre)
            rest.removeAll { Self.areAlike($0, centre, factor) }
        }
        self.centres = centres
    }

    /// Which state a round trip belongs to, as an index of ``centres``; `nil` for one that was not measured or fits
    /// none.
    public func state(of roundTrip: Double?) -> Int? {
        guard let roundTrip, roundTrip > 0 else { return nil }
        return centres.firstIndex { Self.areAlike(roundTrip, $0, factor) }
    }

    /// Whether two repetitions met the cores in different states, as far as their round trips were measured.
    static func areApart(_ first: Double?, _ second: Double?) -> Bool {
        guard let first, let second, first > 0, second > 0 else { return false }
        return !areAlike(first, second, factor)
    }

    /// The middle of the densest part, drawn there from a value that may lie at its edge. `sorted` is not empty.
    private static func centre(of sorted: [Double], factor: Double) -> Double {
        var centre = busiest(of: sorted, factor: factor)
        // Each step leaves the centre among the values; should two take turns, the last one will do.
        for _ in sorted {
            let members = sorted.filter { areAlike($0, centre, factor) }
            let middle = members[members.count / 2]
            if middle == centre { break }
            centre = middle
        }
        return centre
    }

    /// The value with the most within the factor; of several, the one in the middle.
    private static func busiest(of sorted: [Double], factor: Double) -> Double {
        var start = 0
        var end = 0
        let neighbours = sorted.map { value in
            while !areAlike(sorted[start], value, factor) { start += 1 }
            while end < sorted.count && areAlike(sorted[end], value, factor) { end += 1 }
            return end - start
        }
        let most = neighbours.max() ?? 0
        let candidates = sorted.indices.filter { neighbours[$0] == most }
        return sorted[candidates[candidates.count / 2]]
    }

    static func areAlike(_ first: Double, _ second: Double, _ factor: Double) -> Bool {
        max(first, second) <= factor * min(first, second)
    }
}
