import Testing

@testable import BenchmarkRecords

/// The p-values were computed with SciPy 1.17.1 on integers and halves drawn by NumPy: `stats.mannwhitneyu(x, y,
/// method='exact').pvalue` where no two values are equal; and with ties, which that method does not count, by
/// `stats.permutation_test((x, y), lambda a, b: stats.mannwhitneyu(a, b, method='asymptotic').statistic,
/// permutation_type='independent', n_resamples=np.inf, alternative='two-sided', vectorized=False).pvalue`.
@Suite struct StatisticsTests {
    struct Vector: Sendable {
        let first: [Double]
        let second: [Double]
        let p: Double
    }

    static let withoutTies = [
        Vector(first: [16, 5, 12], second: [4, 15, 13], p: 1),
        Vector(first: [2, 27, 11, 12, 19], second: [14, 24, 26, 22, 17], p: 0.30952380952380953),
        Vector(first: [68, 80, 63, 93, 26], second: [132, 120, 198, 173, 134], p: 0.007936507936507936),
        Vector(first: [7, 24, 20, 30, 1], second: [3, 26, 33, 14, 22, 12, 21], p: 0.7550505050505051),
        Vector(
            first: [38, 34, 3, 90, 25, 92, 76, 97, 98],
            second: [71.5, 98.5, 108.5, 128.5, 60.5, 144.5, 76.5, 82.5, 115.5], p: 0.05030851501439737),
        Vector(
            first: [77, 31, 44, 49, 57, 47, 94, 7, 56, 75, 28, 61],
            second: [22, 40, 34, 3, 71, 54, 1, 35, 62, 82, 24, 72, 91, 66, 93, 95, 15, 4, 64, 30],
            p: 0.7156350130500152),
        Vector(
            first: [36, 34, 46, 4, 31, 94, 78, 17, 55, 12, 89, 32, 82, 51, 38, 62, 74, 1, 49, 58],
            second: [
                85.5, 63.5, 47.5, 89.5, 144.5, 70.5, 87.5, 136.5, 69.5, 73.5, 112.5, 82.5, 131.5, 55.5, 67.5, 113.5,
                52.5, 141.5, 80.5, 56.5,
            ], p: 0.00017653796731999564),
    ]

    static let withTies = [
        Vector(first: [2, 1, 3], second: [7, 3, 5], p: 0.2),
        Vector(first: [1, 3, 1, 6], second: [5, 7, 2, 3, 3, 5], p: 0.37142857142857144),
        Vector(first: [6, 4, 3, 6, 2], second: [3, 6, 7, 3, 3], p: 1),
        Vector(first: [4, 5, 2, 5, 4, 5], second: [6, 5, 5, 8, 4], p: 0.21645021645021645),
        Vector(first: [6, 5, 2, 6, 3, 2, 2], second: [2, 4, 2, 5, 8, 8, 8], p: 0.3152680652680653),
        Vector(first: [1, 1, 1], second: [1, 1, 1], p: 1),
    ]

    @Test(arguments: withoutTies + withTies)
    func mannWhitneyAgreesWithSciPy(vector: Vector) throws {
        let p = try #require(Statistics.mannWhitneyP(vector.first, vector.second))
        #expect(abs(p - vector.p) <= 1e-12 * vector.p)
        let swapped = try #require(Statistics.mannWhitneyP(vector.second, vector.first))
        #expect(abs(swapped - vector.p) <= 1e-12 * vector.p)
    }

    @Test(arguments: [(5, 5, 2.0 / 252), (9, 9, 2.0 / 48620), (3, 3, 0.1), (1, 1, 1.0), (4, 7, 2.0 / 330)])
    func separatedSamplesReachTheSmallestPossibleP(n: Int, m: Int, expected: Double) throws {
        let p = try #require(
            Statistics.mannWhitneyP((0..<n).map(Double.init), (0..<m).map { Double($0 + 100) }))
        #expect(abs(p - expected) < 1e-15)
        #expect(abs(Statistics.smallestMannWhitneyP(n, m) - expected) < 1e-15)
    }

    @Test func emptySamplesDecideNothing() {
        #expect(Statistics.mannWhitneyP([], [1]) == nil)
        #expect(Statistics.smallestMannWhitneyP(0, 5) == 1)
        #expect(Statistics.median([]) == nil)
        #expect(Statistics.holmAdjusted([]).isEmpty)
    }

    @Test func medianIsTheMiddle() {
        #expect(Statistics.median([3]) == 3)
        #expect(Statistics.median([9, 1, 5]) == 5)
        #expect(Statistics.median([4, 1, 3, 2]) == 2.5)
        #expect(Statistics.median([1e308, 1.5e308]) == 1.25e308)
    }

    /// By hand: sorted 0.005 x 6, 0.01 x 5, 0.03 x 4, 0.04 x 3, 0.04 x 2, 0.9 x 1, never falling.
    @Test func holmAdjustsInTheGivenOrder() {
        let adjusted = Statistics.holmAdjusted([0.01, 0.04, 0.03, 0.005, 0.04, 0.9])
        for (found, expected) in zip(adjusted, [0.05, 0.12, 0.12, 0.03, 0.12, 0.9]) {
            #expect(abs(found - expected) < 1e-12)
        }
        #expect(Statistics.holmAdjusted([0.6, 0.7]) == [1, 1])
    }
}
