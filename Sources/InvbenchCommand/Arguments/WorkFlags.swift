import ArgumentParser
import InvalidationStorm
import NotifierDispatch

/// What happens in the cells, apart from when.
struct WorkFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp("How long a fault's walk takes. (default: the scenario's)", valueName: "n"),
        transform: FlagValues.nanoseconds)
    var walkNs: UInt64?

    @Option(
        help: ArgumentHelp("How long the change of the pages takes. (default: the scenario's)", valueName: "n"),
        transform: FlagValues.nanoseconds)
    var changeNs: UInt64?

    @Option(
        help: ArgumentHelp(
            "How many pages a fault fills in, a power of two: its own and those around it. (default: the scenario's)",
            valueName: "16"),
        transform: FlagValues.pagesPerFault)
    var faultPages: Int?

    @Option(
        help: ArgumentHelp(
            "How many pages the space has, a power of two; not of a trace. (default: 65536)", valueName: "1048576"),
        transform: FlagValues.pages)
    var pages: Int?

    @Option(
        help: ArgumentHelp(
            "How many pages an invalidation covers, a power of two; not of a trace, or where it covers all. (default: the "
                + "scenario's)", valueName: "16"),
        transform: FlagValues.pages)
    var rangePages: Int?

    @Option(
        help: ArgumentHelp(
            "Interval subscriptions besides the device's, which divide the pages evenly; not for a trace. (default: the "
                + "scenario's)", valueName: "1000"),
        transform: FlagValues.subscriptions)
    var subscriptions: Int?

    @Option(
        help: ArgumentHelp("A trace's speed: 1 is as recorded, 0 as fast as possible.", valueName: "factor"),
        transform: FlagValues.speed)
    var speed: Double = 0

    @Option(help: "How starts and ends stay paired when a start fails.")
    var pairing: PairingPolicy = .targetedUndo
}

extension PairingPolicy: ExpressibleByArgument {}

/// What a command line may choose about when operations come, other than each as soon as the one before has ended.
struct ArrivalFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Faults a second in all, divided over the faulters, each with an intended start from which its latency "
                + "counts; all are timed. (default: each as soon as the one before has ended)", valueName: "100k"),
        transform: FlagValues.rate)
    var faultRate: Double?

    @Option(
        help: ArgumentHelp(
            "Invalidations a second in all, likewise; not for calm and traces. (default: the scenario's)",
            valueName: "5000"),
        transform: FlagValues.rate)
    var invalidationRate: Double?

    @Option(help: "How the operations of both rates come: at random, or at fixed intervals. (default: poisson)")
    var arrivals: ArrivalProcess.Spacing?

    func validate() throws {
        if arrivals != nil && faultRate == nil && invalidationRate == nil {
            throw ValidationError("--arrivals spaces what --fault-rate or --invalidation-rate gives; give one of them.")
        }
    }
}

extension ArrivalProcess.Spacing: ExpressibleByArgument {}
