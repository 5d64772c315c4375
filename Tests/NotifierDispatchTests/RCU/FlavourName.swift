import NotifierDispatch
import Testing

/// The flavours as values, for tests that run once for each.
enum FlavourName: String, CaseIterable, Codable, CustomTestStringConvertible {
    case bp, memb, mb, qsbr

    /// Those whose threads do not register themselves.
    static let explicit: [FlavourName] = [.memb, .mb, .qsbr]

    var testDescription: String { rawValue }

    /// Runs a check that is generic over the flavour.
    func run(_ check: some FlavourCheck) {
        switch self {
        case .bp: check.run(BPFlavour.self)
        case .memb: check.run(MembFlavour.self)
        case .mb: check.run(MBFlavour.self)
        case .qsbr: check.run(QSBRFlavour.self)
        }
    }
}

protocol FlavourCheck {
    func run<Flavour: RCUFlavour>(_: Flavour.Type)
}
