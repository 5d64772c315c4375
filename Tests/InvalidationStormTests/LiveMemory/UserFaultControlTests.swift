import NotifierDispatch
import Testing

@testable import InvalidationStorm

@Suite(.serialized, .enabled(if: UserFaults.areToBeHad, UserFaults.reason)) struct UserFaultControlTests {
    @Test("Every check finds the stale copy that was put before it, every time", arguments: 0..<20)
    func everyInterleavingIsCaught(_ time: Int) {
        RCU.withRegisteredThread {
            for interleaving in UserFaultControl.Interleaving.allCases {
                #expect(interleaving.staleCopies { _ in UnprotectedGuard() } > 0, "\(interleaving)")
            }
        }
        #expect(UserFaultControl.run() == true)
    }

    private func expectNoStaleCopy<Guard: TranslationGuard>(
        of interleaving: UserFaultControl.Interleaving, _ makeGuard: (StormSpace) -> Guard
    ) {
        #expect(interleaving.staleCopies(makeGuard) == 0, "\(interleaving) under \(Guard.self)")
    }

    @Test("A guard that is not locked over walks lets none of the orders through that a section covers")
    func protectedGuardsHold() {
        RCU.withRegisteredThread {
            for interleaving in [UserFaultControl.Interleaving.touch, .afterRun] {
                expectNoStaleCopy(of: interleaving) { InvLockGuard(space: $0.notifiers) }
                expectNoStaleCopy(of: interleaving) { RangeCounterGuard(space: $0.notifiers) }
                expectNoStaleCopy(of: interleaving) { KVMGuard(space: $0.notifiers) }
                expectNoStaleCopy(of: interleaving) { IntervalGuard(space: $0.notifiers, pages: $0.pages) }
                expectNoStaleCopy(of: interleaving) {
                    IntervalStripeLockFreeGuard(space: $0.notifiers, pages: $0.pages)
                }
                expectNoStaleCopy(of: interleaving) { StripedGuard(space: $0.notifiers, pages: $0.pages) }
                expectNoStaleCopy(of: interleaving) { AsymmetricGuard(space: $0.notifiers, pages: $0.pages) }
                expectNoStaleCopy(of: interleaving) { AdaptiveGuard(space: $0.notifiers, pages: $0.pages) }
            }
        }
    }

    @Test("No guard holds if the event is read before its section starts, and installs may come in between")
    func eventBeforeStart() {
        RCU.withRegisteredThread {
            let order = UserFaultControl.Interleaving.eventBeforeStart
            #expect(order.staleCopies { StripedGuard(space: $0.notifiers, pages: $0.pages) } > 0)
            #expect(order.staleCopies { KVMGuard(space: $0.notifiers) } > 0)
        }
    }
}

/// Whether this process can have userfaultfd.
enum UserFaults {
    static let refusals = UserFaultStorm.works.compactMap { UserFaultStorm.refusal(of: $0) }
    static var areToBeHad: Bool { refusals.isEmpty }
    static var reason: Comment { "\(refusals.first ?? "userfaultfd is to be had")" }
}
