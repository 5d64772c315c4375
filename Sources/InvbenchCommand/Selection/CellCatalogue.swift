import BenchmarkRecords
import InvalidationStorm

/// All guards and scenarios that a command line can name, and the cells they make.
struct CellCatalogue: Sendable {
    let guards: [GuardEntry]
    let scenarios: [ScenarioEntry]

    /// These guards, the built-in scenarios, the traces that come with the command, and the user's own.
    init(
        guards: [GuardEntry] = GuardCatalogue.builtIn,
        scenarios: [Scenario] = Scenario.builtIn,
        builtInTraces: [String] = BuiltInTraces.paths(),
        userTraces: [String] = []
    ) throws {
        try Self.checkNames(of: guards)
        self.guards = guards
        let builtIn =
            scenarios.map { ScenarioEntry($0) } + builtInTraces.map { ScenarioEntry(tracePath: $0, isOwn: false) }
        let reserved = Set(builtIn.map(\.name))
        var paths: [String: String] = [:]
        var own: [ScenarioEntry] = []
        for path in userTraces {
            let entry = ScenarioEntry(tracePath: path, isOwn: true)
            guard CellName.isLegal(part: entry.name) else {
                throw UsageError(
                    "--trace \(PrintableText.of(path)): a name with control characters cannot stand in results; "
                        + "copy or link the file under another name")
            }
            if reserved.contains(entry.name) {
                throw UsageError(
                    "--trace \(path): \(entry.name) comes with invbench; copy or link the file under another name")
            }
            if let other = paths.updateValue(path, forKey: entry.name) {
                throw UsageError(
                    "--trace \(path): \(entry.name) is the name of \(other) too; copy or link one under another name")
            }
            own.append(entry)
        }
        self.scenarios = builtIn + own
    }

    /// What `invbench live` measures of these guards.
    static func live(_ guards: [GuardEntry] = GuardCatalogue.builtIn) throws -> CellCatalogue {
        try CellCatalogue(guards: GuardCatalogue.live(guards), scenarios: Scenario.live, builtInTraces: [])
    }

    /// A guard must be told apart from the others on the command line and in results.
    private static func checkNames(of guards: [GuardEntry]) throws {
        var seen: Set<String> = []
        for name in guards.map(\.name) {
            guard CellName.isLegal(part: name), !name.contains(",") else {
                throw UsageError(
                    "a guard called '\(PrintableText.of(name))': a name cannot be empty or hold a comma, a slash or "
                        + "a control character; give its entry another")
            }
            if !seen.insert(name).inserted {
                throw UsageError("two guards are called '\(name)'; give the entry of one another name")
            }
        }
    }

    /// The guards called `names`, in the catalogue's order; all of them where there are no names.
    func guards(named names: [String]) throws -> [GuardEntry] {
        try Self.pick(names, of: guards, what: "guard", name: \.name)
    }

    /// The scenarios called `names`, in the catalogue's order; all of them where there are no names.
    func scenarios(named names: [String]) throws -> [ScenarioEntry] {
        try Self.pick(names, of: scenarios, what: "scenario", name: \.name)
    }

    private static func pick<Item>(_ names: [String], of all: [Item], what: String, name: (Item) -> String) throws
        -> [Item]
    {
        let known = all.map(name)
        for wanted in names where !known.contains(wanted) {
            let nearest = NearestName.of(wanted, among: known)
            throw UsageError(
                "--\(what): there is no \(what) '\(wanted)'"
                    + (nearest.map { "; did you mean '\($0)'?" } ?? "; invbench list shows what there is"))
        }
        return names.isEmpty ? all : all.filter { names.contains(name($0)) }
    }

    /// 1, 2, 4 and so on up to `cores`, and `cores`; 2 also on one core, since that is where a guard is held up.
    static func faulterLadder(cores: Int) -> [Int] {
        var ladder = [1, 2]
        while let last = ladder.last, last < cores { ladder.append(min(last * 2, cores)) }
        return ladder
    }

    /// Every guard in every scenario with these threads, also where it cannot run; `nil` if none were asked for: then
    /// faulters climb the ladder against one invalidator, and a crowd has its own threads. A scenario without
    /// invalidations has 0 invalidators and one with them at least 1, whatever was asked for, and a guard meets the
    /// scenarios of the memory that it is for: other combinations do not exist.
    static func cells(
        guards: [GuardEntry], scenarios: [ScenarioEntry], cores: Int, faulters: [Int]?, invalidators: [Int]?,
        adjustments: Cell.Adjustments
    ) -> [Cell] {
        var seen: Set<String> = []
        var cells: [Cell] = []
        for scenario in scenarios {
            let ownFaulters = scenario.crowd.map { [$0.faultersPerCore * cores] }
            let ownInvalidators = scenario.crowd.map { $0.invalidatorsPerCore * cores } ?? 1
            let counts = scenario.invalidates ? (invalidators ?? [ownInvalidators]).filter { $0 > 0 } : [0]
            for count in counts {
                for faulterCount in faulters ?? ownFaulters ?? faulterLadder(cores: cores) {
                    for entry in guards where entry.memory == scenario.memory {
                        let cell = Cell(
                            entry: entry, scenario: scenario, faulters: faulterCount, invalidators: count,
                            adjustments: adjustments)
                        if let cell, seen.insert(cell.name).inserted { cells.append(cell) }
                    }
                }
            }
        }
        return cells
    }
}
