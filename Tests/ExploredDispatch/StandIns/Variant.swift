/// A part of the engine that the copy leaves out or does wrong, to show that the exploration notices. The file `exchanges`
/// says where; nothing of it is in the engine itself.
public enum Variant: String, CaseIterable, Sendable {
    case installWithoutCheck = "install-without-check"
    case noGeneration = "no-generation"
    case endWithoutMark = "end-without-mark"
    case noWaitForInstalls = "no-wait-for-installs"
    case checkBeforePublishing = "check-before-publishing"
    case abortedStoresAnyhow = "aborted-stores-anyhow"
    case revokingIsOff = "revoking-is-off"
    case waitForOwnRange = "wait-for-own-range"
    case wideWithoutWait = "wide-without-wait"
    case counterWithoutGeneration = "counter-without-generation"
    case endMovesNothing = "end-moves-nothing"
    case firstEndOpens = "first-end-opens"
    case spaceSequenceFirst = "space-sequence-first"
    case removeFromFrozenTree = "remove-from-frozen-tree"
    case sleepWithoutLook = "sleep-without-look"
    case gateIsLock = "gate-is-lock"
    case failedStartStaysCounted = "failed-start-stays-counted"
    case noUndo = "no-undo"
    case undoOfAll = "undo-of-all"
    case noGracePeriod = "no-grace-period"
    case serialBeforeLink = "serial-before-link"
    case noCover = "no-cover"
    case coverStays = "cover-stays"

    /// The one that is on; `nil`, at first, if the engine is as it is. Only while no thread uses the engine.
    nonisolated(unsafe) public static var current: Variant?
}

@inlinable @inline(__always)
func isBroken(_ variant: Variant) -> Bool { Variant.current == variant }
