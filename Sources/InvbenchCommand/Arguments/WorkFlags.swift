import ArgumentParser
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
        help: ArgumentHelp("A trace's speed: 1 is as recorded, 0 as fast as possible.", valueName: "factor"),
        transform: FlagValues.speed)
    var speed: Double = 0

    @Option(help: "How starts and ends stay paired when a start fails.")
    var pairing: PairingPolicy = .targetedUndo
}

extension PairingPolicy: ExpressibleByArgument {}
