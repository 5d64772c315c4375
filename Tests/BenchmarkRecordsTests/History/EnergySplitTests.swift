import Testing

@testable import BenchmarkRecords

@Suite struct EnergySplitTests {
    /// By its definition, without running sums.
    private func distance(_ values: [Double], at index: Int) -> Double {
        let (first, second) = (values[..<index], values[index...])
        func mean(_ sample: ArraySlice<Double>) -> Double {
            let distances = sample.indices.flatMap { one in
                sample.indices.filter { $0 > one }.map { abs(sample[one] - sample[$0]) }
            }
            return distances.isEmpty ? 0 : distances.reduce(0, +) / Double(distances.count)
        }
        let (n, m) = (Double(first.count), Double(second.count))
        let across = first.reduce(0) { sum, one in second.reduce(sum) { $0 + abs(one - $1) } }
        return (2 * across / (n * m) - mean(first) - mean(second)) * n * m / (n + m)
    }

    @Test(arguments: [1, 2, 4, 9])
    func isTheBestByDefinition(fewest: Int) throws {
        var noise = SeededNoise(seed: UInt64(fewest))
        for _ in 0..<20 {
            let values = noise.series([(100, 7), (101, 13)], spread: 0.01)
            let split = try #require(EnergySplit(of: values, in: 0..<20, fewest: fewest))
            let all = (fewest...(20 - fewest)).map { distance(values, at: $0) }
            let best = try #require(all.max())
            #expect(abs(split.distance - best) < 1e-9)
            #expect(abs(distance(values, at: split.index) - best) < 1e-9)
        }
    }

    @Test func looksOnlyIntoItsRange() throws {
        let values: [Double] = [90, 90, 1, 1, 1, 2, 2, 2, 90, 90]
        #expect(try #require(EnergySplit(of: values, in: 2..<8, fewest: 1)).index == 5)
        #expect(EnergySplit(of: values, in: 2..<8, fewest: 4) == nil)
    }
}
