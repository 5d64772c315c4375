import Glibc
import InvalidationStorm
import NotifierDispatch
import Testing

@testable import NotifierDispatchC

@Suite("Guards for C, by name")
struct GuardKindTests {
    @Test("Each guard that invbench knows is to be had, or refused for what it does", arguments: GuardCatalogue.builtIn)
    func builtIn(entry: GuardEntry) {
        switch GuardKind.named(entry.name) {
        case .kind(let kind):
            #expect(entry.walksUnlocked)
            #expect(GuardKind.allCases.contains(kind))
        case .refused(let error):
            let expected = entry.name == "unprotected" ? EINVAL : entry.name == "restartable" ? ENOTSUP : EDEADLK
            #expect(error == expected)
        }
    }

    @Test("Each kind has a name")
    func kinds() {
        let named = GuardCatalogue.builtIn.map { GuardKind.named($0.name) }
        for kind in GuardKind.allCases {
            let isElsewhere =
                switch kind {
                case .adaptive: RestartableSequences.refusal == nil
                case .adaptiveRestarting, .restartable: RestartableSequences.refusal != nil
                default: false
                }
            #expect(named.contains(.kind(kind)) != isElsewhere, "\(kind)")
        }
    }
}
