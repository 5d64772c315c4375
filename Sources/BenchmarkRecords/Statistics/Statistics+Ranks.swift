extension Statistics {
    /// Twice the rank of every value, from 2 for the smallest; equal values share their middle rank, which doubling
    /// keeps whole.
    static func doubledMiddleRanks(of values: [Double]) -> [Int] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = Array(repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count && values[order[end]] == values[order[start]] { end += 1 }
            // Ranks start + 1 ... end share their mean.
            for position in start..<end { ranks[order[position]] = start + 1 + end }
            start = end
        }
        return ranks
    }
}
