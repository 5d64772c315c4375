import Testing

@testable import BenchmarkRecords

@Suite struct StudentDistributionTests {
    /// What SciPy 1.17 says: 2 * stats.t.sf(t, degrees).
    @Test(arguments: [
        (1.0, 1.0, 0.5000000000000001),
        (2.5, 3.0, 0.08770664700806556),
        (7.0, 9.0, 6.324738963736693e-05),
        (0.1, 5.0, 0.9242301411546604),
        (12.0, 2.5, 0.0028362150300783244),
        (3.0, 40.7, 0.00459248020462428),
        (25.0, 4.0, 1.5197525763315734e-05),
    ])
    func agreesWithSciPy(t: Double, degrees: Double, p: Double) {
        #expect(abs(StudentDistribution.twoSidedP(beyond: t, degrees: degrees) - p) < 1e-10 * p)
        #expect(abs(StudentDistribution.quantile(twoSided: p, degrees: degrees) - t) < 1e-9 * t)
    }
}
