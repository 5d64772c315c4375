import Testing

@testable import BenchmarkRecords

/// Against SciPy 1.17.1: `2 * stats.t.sf(t, freedom)`, and `stats.ttest_ind` with and without `equal_var`.
@Suite struct StudentsTTests {
    private static let tails: [(t: Double, freedom: Double, p: Double)] = [
        (0.01, 1, 0.993634014470186), (0.01, 2, 0.992929108958201), (0.01, 3.7, 0.9925369270118594),
        (0.01, 10, 0.9922179749909714), (0.01, 48, 0.9920627349020823), (0.01, 1000, 0.9920232819321873),
        (1, 1, 0.5000000000000001), (1, 2, 0.4226497308103742), (1, 3.7, 0.37814139976045247),
        (1, 10, 0.34089313230206), (1, 48, 0.3223252185211164), (1, 1000, 0.31755241808467255),
        (3.5, 1, 0.17717106556580953), (3.5, 2, 0.07282735005446933), (3.5, 3.7, 0.02825098689418837),
        (3.5, 10, 0.00572650542988521), (3.5, 48, 0.0010152350979649894), (3.5, 1000, 0.0004857743459678326),
        (12, 1, 0.052929352119179755), (12, 2, 0.00687293367715846), (12, 3.7, 0.000426787399381245),
        (12, 10, 2.921408824769984e-07), (12, 48, 4.669137132173704e-16), (12, 1000, 4.324057386774429e-31),
        (60, 1, 0.010609347265246543), (60, 2, 0.00027766209059467876), (60, 3.7, 1.1485741192451842e-06),
        (60, 10, 4.0185228506884075e-14), (60, 48, 8.361647734108885e-47),
    ]

    @Test(arguments: tails)
    func theTailIsSciPys(t: Double, freedom: Double, p: Double) {
        for t in [t, -t] {
            let found = StudentsT.twoSidedP(beyond: t, freedom: freedom)
            #expect(abs(found - p) <= 1e-10 * p, "\(found)")
        }
        #expect(abs(StudentsT.distance(exceededWith: p, freedom: freedom) - t) <= 1e-9 * t)
    }

    @Test func theEndsOfTheTail() {
        #expect(StudentsT.twoSidedP(beyond: 0, freedom: 5) == 1)
        #expect(StudentsT.twoSidedP(beyond: 60, freedom: 1000) < 1e-300)
        #expect(StudentsT.twoSidedP(beyond: 1e200, freedom: 5) == 0)
    }

    private static let samples: [(first: [Double], second: [Double], student: Double, welch: Double)] = [
        ([9, 10, 11, 10.5], [12, 12.5, 11.5, 13, 12.2], 0.002805531079100495, 0.008001070145804852),
        (
            [100, 101, 99.5, 100.2, 100.9, 99.1, 100.4, 100], [97, 104, 90], 0.19971989395801737, 0.518931736545276
        ),
        ([1, 2], [1.5, 1.6, 1.7], 0.8094962308698465, 0.8744891478833906),
        ([5, 5, 5], [5, 5.1, 5.2, 5.3], 0.10674552235509169, 0.10272807885839845),
    ]

    @Test(arguments: samples)
    func bothTestsAreSciPys(first: [Double], second: [Double], student: Double, welch: Double) throws {
        for (first, second) in [(first, second), (second, first)] {
            #expect(abs(try #require(Statistics.studentP(first, second)) - student) <= 1e-9 * student)
            #expect(abs(try #require(Statistics.welchP(first, second)) - welch) <= 1e-9 * welch)
        }
    }

    @Test func constantsAreEqualOrNot() {
        for test in [Statistics.studentP, Statistics.welchP] {
            #expect(test([3, 3], [3, 3, 3]) == 1)
            #expect(test([3, 3], [4, 4, 4]) == 0)
        }
    }

    @Test func tooSmallSamplesHaveNoAnswer() {
        #expect(Statistics.studentP([], [1, 2, 3]) == nil)
        #expect(Statistics.studentP([1], [2]) == nil)
        #expect(Statistics.welchP([1], [1, 2, 3]) == nil)
        #expect(Statistics.welchP([1, 2, 3], []) == nil)
    }
}
