import InvalidationStorm

extension NumberList {
    /// The list for people to read: neighbours are drawn together, `0-3`, and five or more in wider even steps too,
    /// `8,10,..,30`. With a `limit` no more than so many parts, and dots for the rest.
    func summary(limit: Int = .max) -> String {
        var parts: [String] = []
        var rest = numbers[...]
        while let first = rest.first {
            let run = rest.prefix(Self.runLength(rest))
            let step = run.count > 1 ? run[run.startIndex + 1] - first : 0
            if parts.count == limit { return parts.joined(separator: ",") + ",.." }
            switch (run.count, step) {
            case (1, _): parts.append("\(first)")
            case (_, 1): parts.append("\(first)-\(first + run.count - 1)")
            default: parts.append("\(first),\(first + step),..,\(first + (run.count - 1) * step)")
            }
            rest = rest.dropFirst(run.count)
        }
        return parts.joined(separator: ",")
    }

    /// How many of the first numbers are drawn together.
    private static func runLength(_ numbers: ArraySlice<Int>) -> Int {
        let steps = zip(numbers.dropFirst(), numbers).map { $0 - $1 }
        guard let step = steps.first, step > 0 else { return 1 }
        let length = 1 + steps.prefix { $0 == step }.count
        return length > 4 || step == 1 ? length : 1
    }
}
