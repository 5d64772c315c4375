/// What a guard's rate differs by from one run to the next, beyond what each run shows of itself.
///
/// A run knows how far its blocks differ, and cannot know what all of them have in common: where memory came to lie, what the
/// host did meanwhile. Several runs of one program show it: what their ratios of two guards differ by is more than their
/// standard errors say.
enum BetweenRuns {
    /// A ratio that fewer runs have says nothing.
    static let fewestRuns = NoiseCalibration.fewestRuns

    /// What is compared: a guard with the first one of its workload, in one state of the cores.
    private struct Pair: Hashable {
        let workload: String
        let state: Int?
        let first: String
        let second: String
    }

    /// The standard deviation of the logarithm of one guard's rate, 0 or above; `nil` if no ratio of two guards is in
    /// enough of the runs. Each run is its rows.
    ///
    /// The variance of a ratio between runs is what its standard errors explain, and twice that of a guard.
    static func deviation(of runs: [[ResultRow]]) -> Double? {
        let workloads = runs.map { RunAnswer(rows: $0).workloads }
        let states = RoundTripStates(
            roundTrips: workloads.joined().compactMap(\.state?.roundTrip), factor: CoreStates.factor)
        var ratios: [Pair: [(value: Double, error: Double)]] = [:]
        for workload in workloads.joined() {
            let state = workload.state.flatMap { states.state(of: $0.roundTrip) }
            let guards = workload.guards.filter { $0.effect != nil }.sorted { $0.name < $1.name }
            guard let first = guards.first else { continue }
            for second in guards.dropFirst() {
                guard let found = workload.comparisons.insideRun(second.index, first.index) else { continue }
                let pair = Pair(workload: workload.name, state: state, first: first.name, second: second.name)
                ratios[pair, default: []].append(found)
            }
        }
        var (squares, freedom) = (0.0, 0.0)
        for found in ratios.values where found.count >= fewestRuns {
            let mean = found.reduce(0) { $0 + $1.value } / Double(found.count)
            let explained = found.reduce(0) { $0 + $1.error * $1.error } / Double(found.count)
            squares += found.reduce(0) { $0 + ($1.value - mean) * ($1.value - mean) }
            squares -= explained * Double(found.count - 1)
            freedom += Double(found.count - 1)
        }
        return freedom > 0 ? max(0, squares / freedom / 2).squareRoot() : nil
    }
}
