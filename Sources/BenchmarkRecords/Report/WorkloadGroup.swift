/// A cell without its guard and the guard's parameters: guards are compared on one workload.
struct Workload: Hashable {
    let scenario: String
    let faulters: Int
    let invalidators: Int
    let parameters: [CellName.Parameter]

    init(of cell: CellName) {
        scenario = cell.scenario
        faulters = cell.faulters
        invalidators = cell.invalidators
        parameters = cell.parameters.filter { !$0.isOfGuard }
    }

    /// For people: `storm, 1 faulter, 1 invalidator, walk 1000ns`.
    var title: String {
        let threads = [
            ScaledNumber.counted(faulters, "faulter"), ScaledNumber.counted(invalidators, "invalidator"),
        ]
        return ([scenario] + threads + parameters.map { "\($0.key) \($0.value)" }).joined(separator: ", ")
    }
}

/// A guard and its parameters.
struct GuardVariant: Hashable {
    let guardName: String
    let parameters: [CellName.Parameter]

    /// As in the names of cells: `stripe-mutex/stripe:64KiB`.
    var name: String { parameters.reduce(guardName) { $0 + "/\($1.key):\($1.value)" } }
}

extension GuardVariant {
    init(of cell: CellName) {
        self.init(guardName: cell.guardName, parameters: cell.parameters.filter(\.isOfGuard))
    }
}

/// The repetitions of one guard on one workload.
struct GuardSeries {
    let variant: GuardVariant
    /// All of them.
    let rows: [ResultRow]
    /// Those that met the cores in the state that most repetitions of the workload met, so that guards are shown alike;
    /// all, where that would be less than half.
    let alike: [ResultRow]
    /// The others.
    let strays: [ResultRow]
    /// Whether too few met that state, so that the values below are of several states.
    let isMixed: Bool

    /// `states` are those of all repetitions of the workload. One whose round trip was not measured is like any other.
    init(variant: GuardVariant, rows: [ResultRow], states: RoundTripStates) {
        self.variant = variant
        self.rows = rows
        func isCommon(_ row: ResultRow) -> Bool { row[.coreRoundTrip].map { states.state(of: $0) == 0 } ?? true }
        isMixed = 2 * rows.count(where: isCommon) < rows.count
        alike = isMixed ? rows : rows.filter(isCommon)
        strays = isMixed ? [] : rows.filter { !isCommon($0) }
    }

    /// The guard's name without its parameters.
    var guardName: String { variant.guardName }

    /// The guard's name with its parameters.
    var name: String { variant.name }

    /// The values of the repetitions that are alike and have one.
    func values(_ metric: Metric) -> [Double] { alike.compactMap { $0[metric] } }

    /// The median of those; `nil` unless every repetition has the value: a percentile that only some samples carry
    /// would otherwise be the median of the busiest repetitions, and could lie below a lower percentile.
    func median(_ metric: Metric) -> Double? {
        let values = values(metric)
        return values.count == alike.count ? Statistics.median(values) : nil
    }

    /// Over all repetitions: a median would hide the one that caught the guard.
    var staleInstalls: Double? {
        let counts = rows.compactMap { $0[.staleInstalls] }
        return counts.isEmpty ? nil : counts.reduce(0, +)
    }

    /// The largest value over all repetitions: who starves once in ten of them starves.
    func worst(_ metric: Metric) -> Double? { rows.compactMap { $0[metric] }.max() }

    /// The rates of faults, each with the state of the machine it was measured in.
    var faultRates: [Repetition] {
        rows.compactMap { row in
            row[.faultsPerSecond].map { Repetition(value: $0, roundTrip: row[.coreRoundTrip]) }
        }
    }
}

/// All guards that were measured on one workload.
struct WorkloadGroup {
    let workload: Workload
    /// The one with the most faults a second first, those without a rate last.
    let series: [GuardSeries]

    /// Whether its scenario is about who waits for whom: starts were timed apart.
    var isAboutWaits: Bool { series.contains { $0.worst(.invalidationStartLongest) != nil } }

    /// The groups of these rows, in the order in which they first come; rows that are aggregates or no cells are left
    /// out.
    static func groups(of rows: [ResultRow]) -> [WorkloadGroup] {
        var workloads: [Workload] = []
        var rowsByCell: [Workload: [GuardVariant: [ResultRow]]] = [:]
        for row in rows where row.runType == .iteration {
            guard let cell = row.cell else { continue }
            let workload = Workload(of: cell)
            if rowsByCell[workload] == nil { workloads.append(workload) }
            rowsByCell[workload, default: [:]][GuardVariant(of: cell), default: []].append(row)
        }
        return workloads.map { workload in
            let cells = rowsByCell[workload, default: [:]].sorted { $0.key.name < $1.key.name }
            let states = RoundTripStates(roundTrips: cells.flatMap(\.value).compactMap { $0[.coreRoundTrip] })
            let series = cells.map { GuardSeries(variant: $0.key, rows: $0.value, states: states) }
            let ranked = series.map { (rate: $0.median(.faultsPerSecond) ?? -1, series: $0) }
                .sorted { $0.rate > $1.rate }
            return WorkloadGroup(workload: workload, series: ranked.map(\.series))
        }
    }
}
