extension Statistics {
    /// Cliff's delta over strata: how much more often a value of the second sample is the larger of a pair than the
    /// smaller, from -1 to 1; 0 where neither tends to be. `nil` when no stratum has values of both samples.
    public static func cliffsDelta(_ strata: [Stratum]) -> Double? {
        let pairs = strata.reduce(0) { $0 + $1.first.count * $1.second.count }
        if pairs == 0 { return nil }
        let balance = strata.reduce(0) { sum, stratum in
            stratum.first.reduce(sum) { sum, value in
                sum + stratum.second.count { $0 > value } - stratum.second.count { $0 < value }
            }
        }
        return Double(balance) / Double(pairs)
    }
}
