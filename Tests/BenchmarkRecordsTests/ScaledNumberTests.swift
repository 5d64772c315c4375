import Testing

@testable import BenchmarkRecords

@Suite struct ScaledNumberTests {
    @Test(arguments: [
        (0.0, "0"), (0.5, "0.50"), (9.99, "9.99"), (9.996, "10.0"), (99.96, "100"), (999.4, "999"), (999.6, "1.00k"),
        (56_123_456, "56.1M"), (999_600, "1.00M"), (2.5e9, "2.50G"), (7e15, "7000T"),
    ])
    func ratesHaveThreeDigits(value: Double, text: String) {
        #expect(ScaledNumber.rate(value) == text)
    }

    @Test(arguments: [(9.8, "9.80 ns"), (1062, "1.06 us"), (27_993_000, "28.0 ms"), (5e12, "5000 s")])
    func durationsHaveAUnitThatFits(value: Double, text: String) {
        #expect(ScaledNumber.duration(value, separator: " ") == text)
    }

    @Test func ratiosAndSmallNumbersKeepWhatMatters() {
        #expect(ScaledNumber.ratio(12.34) == "12.3")
        #expect(ScaledNumber.ratio(0.84) == "0.84")
        #expect(ScaledNumber.ratio(0.0412) == "0.041")
        #expect(ScaledNumber.small(0) == "0")
        #expect(ScaledNumber.small(0.25) == "0.25")
        #expect(ScaledNumber.small(0.000042) == "4.2e-05")
        #expect(ScaledNumber.count(3) == "3")
        #expect(ScaledNumber.count(9999) == "9999")
        #expect(ScaledNumber.count(12_345) == "12.3k")
        #expect(ScaledNumber.rate(0.5, separator: " ") == "0.50")
        #expect(ScaledNumber.rate(5e6, separator: " ") == "5.00 M")
    }
}
