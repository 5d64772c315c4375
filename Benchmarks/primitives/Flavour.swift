import NotifierDispatch

/// The flavours of liburcu, by the names that they have in the pairs.
enum Flavour: String, CaseIterable {
    case bp, memb, mb, qsbr

    /// Runs `body` on a registered thread.
    func withRegisteredThread(_ body: () -> Void) {
        switch self {
        case .bp: ReadCopyUpdate<BPFlavour>.withRegisteredThread(body)
        case .memb: ReadCopyUpdate<MembFlavour>.withRegisteredThread(body)
        case .mb: ReadCopyUpdate<MBFlavour>.withRegisteredThread(body)
        case .qsbr: ReadCopyUpdate<QSBRFlavour>.withRegisteredThread(body)
        }
    }
}
