/// How far apart the cores of a run were: two states are two machines, and no figure is made from both.
///
/// A hypervisor moves virtual cores about. Beside a shared cache a round trip between two of them takes some 100 ns, and
/// 400 ns if they share none; everything that two threads touch follows it.
public struct CoreState: Hashable, Sendable {
    /// What it is called: `near` is the state of the shortest round trips, `far` that of the longest of two or more, and
    /// those between are `middle`. `nil` if the run met one state only.
    public let name: String?
    /// The round trip in the middle of the state, in nanoseconds.
    public let roundTrip: Double

    /// `near cores, 115 ns`.
    public var description: String {
        let trip = "\(ScaledNumber.duration(roundTrip, separator: " ")) between cores"
        return name.map { "cores \($0), \(trip)" } ?? trip
    }
}

/// The states that the repetitions of a run met.
struct CoreStates {
    /// Within a factor of two of its centre a round trip belongs to a state. Seen on virtual machines: 60 to 215 ns in
    /// one state, 330 to 650 ns in the other.
    static let factor = 2.0
    /// A state that fewer repetitions than one in this many met is none: those were disturbed.
    private static let rarity = 50

    private let centres: RoundTripStates
    /// The names by the index of a centre; `nil` for what is no state.
    private let states: [CoreState?]

    /// Finds the states in the probes before and after each repetition of `rows`.
    init(_ rows: [ResultRow]) {
        let probes = rows.flatMap { [$0[.coreRoundTrip], $0[.coreRoundTripAfter]].compactMap(\.self) }
        let centres = RoundTripStates(roundTrips: probes, factor: Self.factor)
        let members = Dictionary(grouping: probes.compactMap { centres.state(of: $0) }) { $0 }.mapValues(\.count)
        let common = centres.centres.indices.filter { members[$0, default: 0] * Self.rarity >= probes.count }
            .sorted { centres.centres[$0] < centres.centres[$1] }
        var states = [CoreState?](repeating: nil, count: centres.centres.count)
        for (rank, index) in common.enumerated() {
            let name =
                common.count == 1 ? nil : rank == 0 ? "near" : rank == common.count - 1 ? "far" : "middle"
            states[index] = CoreState(name: name, roundTrip: centres.centres[index])
        }
        self.centres = centres
        self.states = states
    }

    /// What a repetition met: one state from its beginning to its end, no state at all, or, if nothing was measured (one
    /// thread has no round trip), something that goes with every state.
    enum Met: Hashable {
        case one(CoreState)
        case changed
        case unknown
    }

    /// What the repetition of `row` met.
    func met(by row: ResultRow) -> Met {
        guard let before = row[.coreRoundTrip] else { return .unknown }
        let after = row[.coreRoundTripAfter] ?? before
        guard let state = centres.state(of: before).flatMap({ states[$0] }),
            centres.state(of: after).flatMap({ states[$0] }) == state
        else { return .changed }
        return .one(state)
    }
}

/// How much of their best the cores did in each repetition of a run.
///
/// A neighbour on the other hardware thread of a core takes up to half of what the core does, and a virtual machine sees
/// nothing of it: neither steal nor the round trip nor the frequency. It comes and goes within seconds.
struct CoreSpeeds {
    /// The additions a second of a core that has nobody beside it: what only one probe in fifty exceeds; `nil` if nothing
    /// was measured.
    private let best: Double?

    /// Takes the best of the probes of all `rows`.
    init(_ rows: [ResultRow]) {
        let probes = rows.flatMap { [$0[.coreAdditions], $0[.coreAdditionsAfter]].compactMap(\.self) }.sorted()
        best = probes.isEmpty ? nil : probes[(probes.count - 1) * 49 / 50]
    }

    /// What the faulters' cores did of their best during the repetition, 1 if all: between what they did before it and
    /// after it; `nil` if it was not measured.
    func share(of row: ResultRow) -> Double? {
        guard let best, let before = row[.coreAdditions], let after = row[.coreAdditionsAfter], before > 0, after > 0
        else { return nil }
        return (before * after).squareRoot() / best
    }
}
