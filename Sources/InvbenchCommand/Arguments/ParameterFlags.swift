import ArgumentParser
import InvalidationStorm
import NotifierDispatch

/// What a command line may choose about guards; each holds for the guards that take it.
struct ParameterFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How large the parts are into which a guard divides the space. \(fallback(.stripe))", valueName: "64KiB"),
        transform: FlagValues.stripeSize)
    var stripe: StripeSize?

    @Option(
        help: ArgumentHelp(
            "An invalidation of more stripes is announced in one word for the whole space. \(fallback(.wideBound))",
            valueName: "n"),
        transform: FlagValues.wideBound)
    var wideBound: Int?

    @Option(
        help: ArgumentHelp(
            "The part of the time that revocations of bias may take. \(fallback(.biasBudget))", valueName: "5%"),
        transform: FlagValues.percentage)
    var biasBudget: Double?

    private static func fallback(_ parameter: GuardParameter) -> String {
        "(default: \(parameter.text(in: GuardParameters())))"
    }

    /// Those that the command line names.
    var given: [GuardParameter] {
        [stripe.map { _ in .stripe }, wideBound.map { _ in .wideBound }, biasBudget.map { _ in .biasBudget }]
            .compactMap(\.self)
    }

    /// All parameters, with the defaults of those that it does not name.
    var chosen: GuardParameters {
        var parameters = GuardParameters()
        if let stripe { parameters.stripeSize = stripe }
        if let wideBound { parameters.wideBound = wideBound }
        if let biasBudget { parameters.biasBudgetPercent = biasBudget }
        return parameters
    }
}
