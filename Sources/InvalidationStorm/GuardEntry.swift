import NotifierDispatch

/// One guard on offer: its name, and the storm specialised for its type.
public struct GuardEntry: Sendable {
    /// The name on the command line, in results and in the documentation.
    public let name: String
    /// `false` only for guards that are declared unsafe: a stale translation of theirs does not fail the run.
    public let isProtected: Bool
    /// Whether the guard's start can fail on a non-blockable range, so that it needs ``PairingPolicy/targetedUndo``.
    public let needsTargetedUndo: Bool
    /// Runs one repetition; `nil` when `cancellation` was raised before the window closed.
    public let run: @Sendable (_ settings: StormSettings, _ cancellation: Cancellation) -> StormMeasurement?
}
