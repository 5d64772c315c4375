import BenchmarkRecords
import InvalidationStorm
import NotifierDispatch

/// One guard in one scenario with so many threads: what is measured, repetition by repetition.
struct Cell: Sendable {
    let entry: GuardEntry
    let scenario: ScenarioEntry
    let faulters: Int
    let invalidators: Int
    let adjustments: Adjustments
    /// The name in results: what is not default is appended, so that two different cells never share one.
    let name: String

    /// What a command line changes in every cell it applies to.
    struct Adjustments: Hashable, Sendable {
        /// Nanoseconds of a walk; `nil` is the scenario's own.
        var walkNanoseconds: UInt64?
        /// Nanoseconds of a change; `nil` is the scenario's own.
        var changeNanoseconds: UInt64?
        /// How many pages a fault fills in; `nil` is the scenario's own.
        var pagesPerFault: Int?
        /// The extent of the space.
        var extent = Scenario.Extent()
        /// Faults a second; `nil` is each as soon as the one before has ended.
        var faultRate: Double?
        /// Invalidations a second, where the scenario takes it; `nil` is the scenario's own.
        var invalidationRate: Double?
        /// How what comes at these rates is spaced.
        var spacing = ArrivalProcess.Spacing.poisson
        /// A trace's speed; 0 is as fast as possible.
        var speed: Double = 0
        var pairing: PairingPolicy = .targetedUndo
        /// What each guard is made with, as far as it takes it.
        var guardParameters = GuardParameters()
        var placement = Placement()
        /// Threads that serve faults in user space, where these are served so.
        var handlers = 1
    }

    /// `nil` where the guard's or the scenario's name cannot stand in a result.
    init?(
        entry: GuardEntry, scenario: ScenarioEntry, faulters: Int, invalidators: Int, adjustments: Adjustments
    ) {
        let name = CellName(
            kind: scenario.memory == .tables ? .storm : .live, guardName: entry.name, scenario: scenario.name,
            faulters: faulters, invalidators: invalidators,
            parameters: Self.parameters(adjustments, entry: entry, scenario: scenario))
        guard let name else { return nil }
        self.entry = entry
        self.scenario = scenario
        self.faulters = faulters
        self.invalidators = invalidators
        self.adjustments = adjustments
        self.name = name.description
    }

    /// Whether it works on real memory.
    var isLive: Bool { scenario.memory != .tables }

    /// Threads that serve faults in user space; 0 where the kernel serves them.
    var handlers: Int { scenario.memory == .userFault ? adjustments.handlers : 0 }

    /// Whether the guard can run in the scenario.
    var isPossible: Bool { scenario.takes(entry) }

    /// Whether its invalidations and subscriptions have a place in its space.
    var fits: Bool { scenario.differing(adjustments.extent) != nil }

    /// The walk time in nanoseconds that it runs with.
    var walkNanoseconds: UInt64 { adjustments.walkNanoseconds ?? scenario.ownTimes.walk }

    /// The change time in nanoseconds that it runs with.
    var changeNanoseconds: UInt64 { adjustments.changeNanoseconds ?? scenario.ownTimes.change }

    private static func parameters(
        _ adjustments: Adjustments, entry: GuardEntry, scenario: ScenarioEntry
    ) -> [CellName.Parameter] {
        var parameters: [CellName.Parameter] = []
        func add(_ key: String, _ value: String) { parameters.append(CellName.Parameter(key: key, value: value)) }
        if let walk = adjustments.walkNanoseconds, walk != scenario.ownTimes.walk { add("walk", "\(walk)ns") }
        if let change = adjustments.changeNanoseconds, change != scenario.ownTimes.change {
            add("change", "\(change)ns")
        }
        if let pages = adjustments.pagesPerFault, pages != scenario.ownPagesPerFault { add("fault-pages", "\(pages)") }
        let extent = scenario.differing(adjustments.extent)
        if let pages = extent?.pages { add("pages", "\(pages)") }
        if let pages = extent?.pagesPerInvalidation { add("range-pages", "\(pages)") }
        if let count = extent?.intervalBystanders { add("subscriptions", "\(count)") }
        let invalidationRate = scenario.takesRate ? adjustments.invalidationRate : nil
        if let rate = adjustments.faultRate { add("fault-rate", text(of: rate)) }
        if let rate = invalidationRate { add("invalidation-rate", text(of: rate)) }
        if adjustments.faultRate ?? invalidationRate != nil, adjustments.spacing != .poisson {
            add("arrivals", adjustments.spacing.rawValue)
        }
        if scenario.isTrace && adjustments.speed != 0 { add("speed", text(of: adjustments.speed)) }
        if adjustments.pairing != .targetedUndo { add("pairing", adjustments.pairing.rawValue) }
        if scenario.memory == .userFault, adjustments.handlers != 1 { add("handlers", String(adjustments.handlers)) }
        parameters += adjustments.placement.nameParameters
        for parameter in GuardParameter.allCases where entry.parameters.contains(parameter) {
            let value = parameter.text(in: adjustments.guardParameters)
            if value != parameter.text(in: GuardParameters()) { add(parameter.rawValue, value) }
        }
        return parameters
    }

    private static func text(of number: Double) -> String {
        let whole = Int(exactly: number)
        return whole.map(String.init) ?? String(number)
    }

    /// The settings of one repetition.
    func settings(of scenario: Scenario, windowNanoseconds: UInt64, warmUpNanoseconds: UInt64, seed: UInt64)
        -> StormSettings
    {
        func process(_ rate: Double) -> ArrivalProcess {
            ArrivalProcess(perSecond: rate, spacing: adjustments.spacing)
        }
        let scenario = self.scenario.differing(adjustments.extent).flatMap(scenario.over) ?? scenario
        var settings = StormSettings(scenario: scenario, faulters: faulters, invalidators: invalidators)
        settings.faultArrivals = adjustments.faultRate.map(process)
        if self.scenario.takesRate, let rate = adjustments.invalidationRate {
            settings.scenario = scenario.arriving(process(rate), invalidators: invalidators)
        }
        settings.windowNanoseconds = windowNanoseconds
        settings.warmUpNanoseconds = warmUpNanoseconds
        settings.walkNanoseconds = walkNanoseconds
        settings.changeNanoseconds = changeNanoseconds
        settings.pagesPerFault = adjustments.pagesPerFault ?? scenario.pagesPerFault
        settings.speed = adjustments.speed
        settings.seed = seed
        settings.pairing = adjustments.pairing
        settings.guardParameters = adjustments.guardParameters
        settings.placement = adjustments.placement
        settings.handlers = adjustments.handlers
        return settings
    }
}
