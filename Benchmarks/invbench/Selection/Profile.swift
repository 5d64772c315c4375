import ArgumentParser

/// How much is measured where the command line does not say it cell by cell.
enum Profile: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// A first look at the ``quickScenarios`` and the user's own traces: ends within two minutes on two cores.
    case quick
    /// All scenarios, with enough repetitions to decide: ends within twenty minutes on two cores.
    case standard
    /// Everything that is registered.
    case full

    /// How often each cell is measured. Six is the least with which an exact test can tell the best of two dozen guards
    /// from each of the others; nine is what one over 200 cells needs.
    var repetitions: Int { self == .quick ? 6 : 9 }

    /// The timed window, in nanoseconds.
    var windowNanoseconds: UInt64 {
        switch self {
        case .quick: 100_000_000
        case .standard: 250_000_000
        case .full: 1_000_000_000
        }
    }

    /// What a first look takes of the scenarios that come with the command.
    private static let quickScenarios: Set<String> = ["calm", "steady", "storm", "pressure", "trace:redis"]

    /// The walk, in nanoseconds, that `storm` and `hot` are measured with besides none: one of nothing hides retries.
    private static let longWalk: UInt64 = 1000

    /// The profile's part of the registered cells. `quick` has its scenarios' plain cells; `standard` has those of all
    /// scenarios, `steady` with two faulters, whatever has more than two, and the long walks.
    func subset(of registered: [Cell]) -> [Cell] {
        switch self {
        case .quick:
            registered.filter { cell in
                Self.isPlain(cell) && (Self.quickScenarios.contains(cell.scenario.name) || cell.scenario.isOwnTrace)
            }
        case .standard:
            registered.filter { cell in
                Self.isPlain(cell) || (cell.scenario.name == "steady" && cell.faulters == 2) || cell.faulters > 2
            } + registered.filter { $0.faulters == 1 && $0.invalidators == 1 }.compactMap(Self.withLongWalk)
        case .full: registered
        }
    }

    /// `calm` with one and with two faulters, the others with one faulter against one invalidator.
    private static func isPlain(_ cell: Cell) -> Bool {
        cell.scenario.invalidates ? cell.faulters == 1 && cell.invalidators == 1 : cell.faulters <= 2
    }

    private static func withLongWalk(_ cell: Cell) -> Cell? {
        guard ["storm", "hot"].contains(cell.scenario.name), cell.walkNanoseconds == 0 else { return nil }
        var adjustments = cell.adjustments
        adjustments.walkNanoseconds = longWalk
        return Cell(
            entry: cell.entry, scenario: cell.scenario, faulters: cell.faulters, invalidators: cell.invalidators,
            adjustments: adjustments)
    }
}
