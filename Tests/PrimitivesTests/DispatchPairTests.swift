import NotifierDispatch
import Testing

@testable import primitives

/// Both sides of the dispatch pairs call the same subscribers, in the same order, for the same.
@Suite struct DispatchPairTests {
    /// The list alone, or behind the counter of open sections.
    enum Piece: CaseIterable {
        case list, subscriptions

        func make(_ subscribers: [LoggingSubscriber], isBlockable: Bool) -> Pair {
            switch self {
            case .list:
                DispatchPairs.list(subscribers, floor: LoggingSubscriber.floor, isBlockable: isBlockable)
            case .subscriptions:
                DispatchPairs.subscriptions(subscribers, floor: LoggingSubscriber.floor, isBlockable: isBlockable)
            }
        }
    }

    @Test(arguments: Piece.allCases, [true, false])
    func callsAreTheSame(piece: Piece, isBlockable: Bool) {
        for failing in [nil, 0, 1, 2] {
            RCU.withRegisteredThread {
                let log = LoggingSubscriber.Log()
                let subscribers = (0..<3).map {
                    LoggingSubscriber(number: $0, answer: $0 == failing ? .wouldBlock : .done, log: log)
                }
                let pair = piece.make(subscribers, isBlockable: isBlockable)
                let opened = pair.run(.swift, count: 2)
                let calls = log.take()
                #expect(opened == (isBlockable || failing == nil ? 2 : 0))
                #expect(!calls.isEmpty)
                #expect(pair.run(.c, count: 2) == opened)
                #expect(log.take() == calls)
            }
        }
    }
}
