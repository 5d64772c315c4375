/// A cell without its guard and the guard's parameters: guards are compared on one workload.
struct Workload: Hashable {
    let kind: CellName.Kind
    let scenario: String
    private(set) var faulters: Int
    let invalidators: Int
    let parameters: [CellName.Parameter]

    /// The workload of a cell.
    init(of cell: CellName) {
        kind = cell.kind
        scenario = cell.scenario
        faulters = cell.faulters
        invalidators = cell.invalidators
        parameters = cell.parameters.filter { !$0.isOfGuard }
    }

    /// The same with another number of faulters.
    func with(faulters: Int) -> Workload {
        var workload = self
        workload.faulters = faulters
        return workload
    }

    /// For programs: `storm/faulters:1/invalidators:1/walk:1000ns`; `live/` stands before work on real memory.
    var name: String {
        let prefix = kind == .storm ? "" : "\(kind.rawValue)/"
        return parameters.reduce("\(prefix)\(scenario)/faulters:\(faulters)/invalidators:\(invalidators)") {
            $0 + "/\($1.key):\($1.value)"
        }
    }

    /// For people: `storm, 1 faulter, 1 invalidator, walk 1000ns`.
    var title: String { title(threads: [ScaledNumber.counted(faulters, "faulter")]) }

    /// The same for all numbers of faulters: `storm, 1 invalidator, walk 1000ns`.
    var titleWithoutFaulters: String { title(threads: []) }

    private func title(threads: [String]) -> String {
        let name = kind == .storm ? scenario : "\(kind.rawValue) \(scenario)"
        let threads = threads + [ScaledNumber.counted(invalidators, "invalidator")]
        return ([name] + threads + parameters.map { "\($0.key) \($0.value)" }).joined(separator: ", ")
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

extension CellName {
    /// The name without the guard and its parameters: cells of one workload share it.
    package var workloadName: String { Workload(of: self).name }
}
