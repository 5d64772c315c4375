import Foundation

extension Statistics {
    /// The exact two-sided p-value of the sign test: whether values lie as often above `centre` as below it.
    ///
    /// Values that equal the centre do not count. 1 where none is left.
    public static func signTestP(_ values: [Double], centre: Double) -> Double {
        let above = values.count { $0 > centre }
        let below = values.count { $0 < centre }
        return min(1, 2 * binomialTail(atMost: min(above, below), of: above + below))
    }

    /// The largest k for which fewer than k of `count` fair coins fall on one side in at most 2.5 of 100 cases; 0 for
    /// fewer than 6.
    static func signTestCut(of count: Int) -> Int {
        var cut = 0
        while 2 * cut < count && binomialTail(atMost: cut, of: count) <= 0.025 { cut += 1 }
        return cut
    }

    /// The probability that at most `few` of `count` fair coins show heads.
    private static func binomialTail(atMost few: Int, of count: Int) -> Double {
        (0...few).reduce(0) { sum, heads in
            // In logarithms: the binomial of a thousand coins is no double.
            let ways = lgamma(Double(count + 1)) - lgamma(Double(heads + 1)) - lgamma(Double(count - heads + 1))
            return sum + exp(ways - Double(count) * log(2))
        }
    }
}
