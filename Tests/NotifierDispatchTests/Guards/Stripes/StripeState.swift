@testable import NotifierDispatch

/// What the word of a stripe says, see ``StripeWord``.
struct StripeState: Equatable {
    enum Bias {
        case biased
        case revoking
        case off
    }

    let isLocked: Bool
    let isDead: Bool
    let bias: Bias
    let openSections: Int
    /// All that ever started.
    let startedSections: Int

    init(_ word: UInt64) {
        isLocked = word & StripeWord.lock != 0
        isDead = word & StripeWord.dead != 0
        bias =
            switch word & (StripeWord.biased | StripeWord.revoking) {
            case 0: .off
            case StripeWord.biased: .biased
            case StripeWord.revoking: .revoking
            case let both: fatalError("biased and revoking at once: \(both)")
            }
        openSections = Int((word & StripeWord.count) / StripeWord.section)
        startedSections = Int(word / StripeWord.generation)
    }
}

extension Stripes {
    func state(of index: Int) -> StripeState { StripeState(self[index].pointee.word.load(ordering: .acquiring)) }

    var states: [StripeState] { (0..<count).map { state(of: $0) } }
}

extension RetryingGuard where Scheme == StripedScheme {
    var stripes: [StripeState] { scheme.stripes.states }
    var openWideSections: Int { StripeState(scheme.wide.word.load(ordering: .acquiring)).openSections }
}

extension RetryingGuard where Scheme == RestartableScheme {
    var stripes: [StripeState] { scheme.striped.stripes.states }
}

extension RetryingGuard where Scheme == AdaptiveScheme {
    var stripes: [StripeState] { scheme.striped.stripes.states }
    var biases: [StripeState.Bias] { stripes.map(\.bias) }
    func bias(of stripe: Int) -> StripeState.Bias { scheme.striped.stripes.state(of: stripe).bias }
    var openWideSections: Int {
        StripeState(scheme.striped.wide.word.load(ordering: .acquiring)).openSections
    }
    var publishedPage: Int? { scheme.slots.publishedPage }
}

extension PublicationSlots {
    /// What the calling thread says that it installs without a lock.
    var publishedPage: Int? {
        let published = mine.word.pointee.load(ordering: .acquiring)
        return published == 0 ? nil : Int(published) - 1
    }
}
