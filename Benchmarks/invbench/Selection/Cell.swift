import InvalidationStorm
import NotifierDispatch

/// One guard in one scenario with so many threads: what is measured, repetition by repetition.
struct Cell: Sendable {
    let entry: GuardEntry
    let scenario: ScenarioOffer
    let faulters: Int
    let invalidators: Int
    let adjustments: Adjustments

    /// What a command line changes in every cell it applies to.
    struct Adjustments: Hashable, Sendable {
        /// Nanoseconds of a walk; `nil` is the scenario's own.
        var walkNanoseconds: UInt64?
        /// Nanoseconds of a change; `nil` is the scenario's own.
        var changeNanoseconds: UInt64?
        /// A trace's speed; 0 is as fast as possible.
        var speed: Double = 0
        var pairing: PairingPolicy = .targetedUndo
    }

    /// The walk time in nanoseconds that it runs with.
    var walkNanoseconds: UInt64 { adjustments.walkNanoseconds ?? scenario.ownTimes.walk }

    /// The change time in nanoseconds that it runs with.
    var changeNanoseconds: UInt64 { adjustments.changeNanoseconds ?? scenario.ownTimes.change }

    /// The name in results: what is not default is appended, so that two different cells never share one.
    var name: String {
        var name = "storm/\(entry.name)/\(scenario.name)/faulters:\(faulters)/invalidators:\(invalidators)"
        if walkNanoseconds != scenario.ownTimes.walk { name += "/walk:\(walkNanoseconds)ns" }
        if changeNanoseconds != scenario.ownTimes.change { name += "/change:\(changeNanoseconds)ns" }
        if scenario.isTrace && adjustments.speed != 0 { name += "/speed:\(Self.text(of: adjustments.speed))" }
        if adjustments.pairing != .targetedUndo { name += "/pairing:\(adjustments.pairing.rawValue)" }
        return name
    }

    private static func text(of number: Double) -> String {
        let whole = Int(exactly: number)
        return whole.map(String.init) ?? String(number)
    }

    /// The settings of one repetition.
    func settings(of scenario: Scenario, windowNanoseconds: UInt64, warmUpNanoseconds: UInt64, seed: UInt64)
        -> StormSettings
    {
        var settings = StormSettings(scenario: scenario, faulters: faulters, invalidators: invalidators)
        settings.windowNanoseconds = windowNanoseconds
        settings.warmUpNanoseconds = warmUpNanoseconds
        settings.walkNanoseconds = walkNanoseconds
        settings.changeNanoseconds = changeNanoseconds
        settings.speed = adjustments.speed
        settings.seed = seed
        settings.pairing = adjustments.pairing
        return settings
    }
}
