/// The decisions of an execution. Most are the first option, so it is written as those that are not: `14:1,22:2` is option
/// 1 at decision 14 and option 2 at decision 22, counted from 0; `-` is an execution without any.
public struct Trace: Equatable, CustomStringConvertible {
    private var others: [Int: Int] = [:]
    private(set) var count = 0

    public init() {}

    /// Reads one as it is written; `nil` if it is none.
    public init?(_ text: String) {
        guard text != "-" else { return }
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let numbers = part.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
            guard numbers.count == 2, let position = numbers[0], let choice = numbers[1], position >= 0, choice > 0
            else {
                return nil
            }
            others[position] = choice
        }
    }

    mutating func append(_ choice: Int) {
        if choice != 0 { others[count] = choice }
        count += 1
    }

    func choice(at position: Int) -> Int { others[position] ?? 0 }

    public var description: String {
        others.isEmpty ? "-" : others.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: ",")
    }
}

/// What is wrong with an execution.
public struct Failure: CustomStringConvertible {
    /// The kinds of what can be wrong.
    public enum Kind: String {
        /// A translation was visible that must not be.
        case stale
        /// No thread can go on, and no time helps.
        case deadlock
        /// The execution did not end.
        case endless
        /// The engine trapped.
        case trap
        /// What stands at the end is not what must.
        case wrong
    }

    public let kind: Kind
    public let message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { "\(kind.rawValue): \(message)" }
}
