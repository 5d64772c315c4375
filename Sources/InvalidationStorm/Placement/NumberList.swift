/// A list of numbers as Linux writes it: `0-3,8`. The order is kept, and a number may come twice.
public struct NumberList: Hashable, Sendable {
    /// The numbers, 0 or above, in the order of the list.
    public let numbers: [Int]

    /// The list of these numbers.
    public init(_ numbers: [Int]) { self.numbers = numbers }

    /// Reads a list such as `0-3,8`; `nil` where the text is none, or names a number above 65,535.
    public init?(_ text: String) {
        var numbers: [Int] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(Self.number)
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else { return nil }
            numbers.append(contentsOf: first...last)
        }
        self.numbers = numbers
    }

    private static func number(_ digits: Substring) -> Int? {
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int(digits).flatMap { $0 <= 65_535 ? $0 : nil }
    }

    /// The list with ascending neighbours drawn together, and `separator` between its parts: `0-3,8`. Different lists
    /// have different texts.
    public func text(separator: String = ",") -> String {
        var runs: [ClosedRange<Int>] = []
        for number in numbers {
            if let run = runs.last, number == run.upperBound + 1 {
                runs[runs.count - 1] = run.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: separator)
    }
}
