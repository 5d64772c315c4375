import NotifierDispatch

/// What can be chosen about guards, each with the value that holds where nothing is chosen. A guard is made with those
/// that its ``GuardEntry`` takes.
public struct GuardParameters: Hashable, Sendable {
    /// How large the parts are into which a guard divides the space.
    public var stripeSize = StripeSize.hugePage
    /// An invalidation of more stripes than this is announced in one word for the whole space; 0 or above.
    public var wideBound = StripedScheme.defaultWideBound
    /// The part of the time that revocations of bias may take, in per cent, above 0 and at most 100.
    public var biasBudgetPercent = AdaptiveScheme<PublishedInstalls>.defaultBiasBudget * 100

    /// The defaults.
    public init() {}
}

/// One of the ``GuardParameters``; its raw value is its name on the command line and in results.
public enum GuardParameter: String, CaseIterable, Sendable {
    /// ``GuardParameters/stripeSize``.
    case stripe
    /// ``GuardParameters/wideBound``.
    case wideBound = "wide-bound"
    /// ``GuardParameters/biasBudgetPercent``.
    case biasBudget = "bias-budget"

    /// Its value as it stands in results, such as `64KiB`; two different values never share a text.
    public func text(in parameters: GuardParameters) -> String {
        switch self {
        case .stripe: Self.text(of: parameters.stripeSize)
        case .wideBound: String(parameters.wideBound)
        case .biasBudget: Self.text(ofPercent: parameters.biasBudgetPercent)
        }
    }

    /// In the largest unit that leaves a whole number. A page has 4 KiB.
    private static func text(of size: StripeSize) -> String {
        for (unit, pages) in [("GiB", 1 << 18), ("MiB", 1 << 8)] where size.pages >= pages {
            return "\(size.pages / pages)\(unit)"
        }
        return "\(size.pages * 4)KiB"
    }

    private static func text(ofPercent number: Double) -> String {
        (Int(exactly: number).map(String.init) ?? String(number)) + "%"
    }
}
