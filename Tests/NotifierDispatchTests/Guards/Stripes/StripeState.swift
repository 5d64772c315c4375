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

/// A scheme over the words of ``StripedScheme``.
protocol OverStripeWords: ~Copyable, RetryScheme {
    var stripeStates: [StripeState] { get }
    var wideState: StripeState { get }
}

extension StripedScheme: OverStripeWords {
    var stripeStates: [StripeState] { stripes.states }
    var wideState: StripeState { StripeState(wide.word.load(ordering: .acquiring)) }
}

extension RestartableScheme: OverStripeWords {
    var stripeStates: [StripeState] { striped.stripeStates }
    var wideState: StripeState { striped.wideState }
}

extension AdaptiveScheme: OverStripeWords where Installs: ~Copyable {
    var stripeStates: [StripeState] { striped.stripeStates }
    var wideState: StripeState { striped.wideState }
}

extension RetryingGuard where Scheme: OverStripeWords & ~Copyable {
    var stripes: [StripeState] { scheme.stripeStates }
    var biases: [StripeState.Bias] { stripes.map(\.bias) }
    var openWideSections: Int { scheme.wideState.openSections }
}

extension RetryingGuard where Scheme == AdaptiveScheme<PublishedInstalls> {
    var publishedPage: Int? { scheme.installs.slots.publishedPage }
}

extension PublicationSlots {
    /// The first page of what the calling thread says that it installs without a lock.
    var publishedPage: Int? { PublishedPages(word: mine.word.pointee.load(ordering: .acquiring))?.first }
}
