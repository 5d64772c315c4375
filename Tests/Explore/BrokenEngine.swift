import ExploredDispatch

/// A variant of the engine that is broken, and the scenario that must show it.
struct BrokenEngine {
    let variant: Variant
    let scenario: String

    static let all: [BrokenEngine] = Variant.allCases.map { BrokenEngine(variant: $0, scenario: scenario(for: $0)) }

    private static func scenario(for variant: Variant) -> String {
        switch variant {
        case .installWithoutCheck, .noGeneration, .endWithoutMark: "striped/fault+section+end"
        case .noWaitForInstalls, .checkBeforePublishing: "asymmetric/fault+section"
        case .abortedStoresAnyhow: "restartable/fault+section"
        case .revokingIsOff: "adaptive/fault+2-sections"
        case .waitForOwnRange: "adaptive/fault+sections-beside"
        case .wideWithoutWait: "adaptive-wide/fault+section"
        case .counterWithoutGeneration: "range-counter/fault+section"
        case .endMovesNothing: "kvm/fault+section"
        case .firstEndOpens: "invlock/fault+2-sections"
        case .spaceSequenceFirst: "interval-lockfree/fault+section"
        case .removeFromFrozenTree, .sleepWithoutLook: "interval/fault+section+end"
        case .gateIsLock: "striped/drivers-lock"
        case .failedStartStaysCounted, .noUndo, .undoOfAll: "list/non-blocking-targeted-undo"
        case .noGracePeriod: "list/unregister+2-sections"
        case .serialBeforeLink, .noCover, .coverStays: "striped/register+section"
        }
    }
}
