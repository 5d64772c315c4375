import Testing

@testable import BenchmarkRecords

@Suite struct ScaledNumberTests {
    @Test("A quotient keeps a digit that says something, however small it is")
    func ratios() {
        #expect(
            [0, 12.34, 0.844, 0.0412, 0.0012, 0.0003, 0.000_04].map(ScaledNumber.ratio)
                == ["0", "12.3", "0.84", "0.041", "0.001", "0.0003", "4e-05"])
    }

    @Test("Rates and durations take the prefix that leaves three digits")
    func prefixes() {
        #expect(
            [0, 7.5, 999.4, 999.6, 123_456_789].map { ScaledNumber.rate($0) }
                == ["0", "7.50", "999", "1.00k", "123M"])
        #expect(
            [1.5, 1_062, 44_000_000, 2e12].map { ScaledNumber.duration($0) }
                == ["1.50ns", "1.06us", "44.0ms", "2000s"])
    }
}
