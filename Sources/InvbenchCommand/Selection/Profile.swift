import ArgumentParser
import BenchmarkRecords
import InvalidationStorm

/// How much is measured where the command line does not say it cell by cell.
enum Profile: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// A first answer: the ``quickGuards`` and the user's own in the ``quickScenarios`` and the user's own traces. Ends
    /// within a minute on two cores.
    case quick
    /// All guards in all scenarios, with enough repetitions to decide: ends within ten minutes on two cores.
    case standard
    /// Everything that is registered.
    case full

    /// How often each cell is measured, unless the time is spent: `quick` as often as a minute holds, for intervals that
    /// say something.
    var repetitions: Int { self == .quick ? 16 : WorkloadAnswer.wantedBlocks }

    /// How often cells that the command line chose are measured: under `quick` as often as a quarter of a minute holds,
    /// between one and four times as often as its own. Few cells get narrow intervals while one waits for them.
    func repetitions(ofChosen cells: Int, secondsEach: Double) -> Int {
        guard self == .quick else { return repetitions }
        return min(max(repetitions, Int(15 / (Double(cells) * secondsEach))), 4 * repetitions)
    }

    /// The timed window, in nanoseconds. Many short windows say more than few long ones: the machine changes between two
    /// of them, and what is compared is measured within a second.
    var windowNanoseconds: UInt64 {
        switch self {
        case .quick: 30_000_000
        case .standard: 40_000_000
        case .full: 1_000_000_000
        }
    }

    /// When the measuring ends at the latest, in seconds; `nil` if it takes as long as it takes.
    var budgetSeconds: Double? {
        switch self {
        case .quick: 56
        case .standard: 570
        case .full: nil
        }
    }

    /// Some guards of each family: the bound, locks held over a fault, the kernel's schemes, ours. One or two more, and
    /// neither the answer would fit on a screen of 90 lines nor the blocks into the budget.
    static let quickGuards: Set<String> = [
        "unprotected", "mutex", "stripe-mutex", "kvm", "interval", "striped", "asymmetric", "adaptive",
    ]

    /// What a first look takes of the scenarios that come with the command: none, some, as many as there can be, as many
    /// for every guard, and those of a real program.
    static let quickScenarios = ["calm", "steady", "storm", "pressure", "crowded", "trace:redis"]

    /// What it takes of the scenarios whose faults are served in user space.
    static let quickUserFaultScenarios = ["restore", "restore-16", "dontneed-storm"]

    /// The scenarios that `standard` also measures with two faulters: they say most where faults meet each other.
    private static let pairScenarios = ["steady", "install-cost"]

    /// The walk, in nanoseconds, that `storm` and `hot` are measured with besides none: one of nothing hides retries.
    private static let longWalk: UInt64 = 1000

    /// The profile's part of the registered cells. `quick` has one cell of each of its guards in each of its scenarios:
    /// with one faulter against one invalidator, `calm` with two, since one alone meets nobody, and `crowded` with its
    /// own threads; of real memory, what needs no invalidator with one and with two faulters. `standard` has the plain cells of all guards in all scenarios, `steady` and `install-cost` with two
    /// faulters, whatever has more than two, and the long walks.
    func subset(of registered: [Cell]) -> [Cell] {
        switch self {
        case .quick:
            registered.filter { cell in
                Self.isPlain(cell) && (cell.scenario.invalidates || cell.faulters == 2 || cell.isLive)
                    && Self.quickTakes(cell.entry) && Self.quickTakes(cell.scenario)
            }
        case .standard:
            registered.filter { cell in
                Self.isPlain(cell) || (Self.pairScenarios.contains(cell.scenario.name) && cell.faulters == 2)
                    || cell.faulters > 2
            } + registered.filter { $0.faulters == 1 && $0.invalidators == 1 }.compactMap(Self.withLongWalk)
        case .full: registered
        }
    }

    /// What it takes, a line each, for people.
    var summary: [String] {
        let amount = "\(repetitions) repetitions of \(windowNanoseconds / 1_000_000) ms"
        switch self {
        case .quick: return ["\(amount), within a minute on two cores", Self.quickGuardsText, Self.quickScenariosText]
        case .standard: return ["\(amount), within ten minutes on two cores: every guard in every scenario"]
        case .full: return ["\(amount): everything that is registered"]
        }
    }

    /// The guards that `quick` has, for people.
    static var quickGuardsText: String {
        let names = GuardCatalogue.builtIn.map(\.name).filter(quickGuards.contains)
        return "guards: \(names.joined(separator: ", ")), and one's own"
    }

    /// The scenarios that `quick` has, for people.
    static var quickScenariosText: String {
        "scenarios: \(quickScenarios.joined(separator: ", ")), and one's own traces"
    }

    /// Whether `quick` has a guard; it has every one that does not come with the package, and the kernel.
    static func quickTakes(_ entry: GuardEntry) -> Bool {
        quickGuards.contains(entry.name) || !GuardCatalogue.builtIn.contains { $0.name == entry.name }
    }

    /// Whether `quick` has a scenario; it has every trace of the user's, and all of the kernel alone.
    static func quickTakes(_ scenario: ScenarioEntry) -> Bool {
        scenario.memory == .kernel || quickScenarios.contains(scenario.name) || scenario.isOwnTrace
            || quickUserFaultScenarios.contains(scenario.name)
    }

    /// A crowd with its own threads, `calm` with one and with two faulters, the others with one faulter against one
    /// invalidator.
    private static func isPlain(_ cell: Cell) -> Bool {
        if cell.scenario.crowd != nil { return true }
        return cell.scenario.invalidates ? cell.faulters == 1 && cell.invalidators == 1 : cell.faulters <= 2
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
