/// How a notifier list keeps every subscriber's starts and ends paired when a non-blockable start fails.
public enum PairingPolicy: String, CaseIterable, Sendable {
    /// Stop at the first subscriber that would block and end those before it in address order, which are exactly the
    /// ones that had started (Gunthorpe, July 2019).
    case targetedUndo = "targeted-undo"
    /// Call every start whatever the others answer, then every end. A subscriber that may fail must have no end, so
    /// nothing is ever undone twice (merged in Linux in 2021).
    case callAll = "call-all"
}
