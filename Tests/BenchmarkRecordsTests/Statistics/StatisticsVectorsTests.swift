import Foundation
import Testing

@testable import BenchmarkRecords

/// The statistics against SciPy: against what it once said, and where it is installed against what it says now.
@Suite struct StatisticsVectorsTests {
    @Test func agreesWithTheStoredVectors() throws { try check(StatisticsVectors(json: StatisticsVectors.stored)) }

    @Test func agreesWithSciPyWhereItIsThere() throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let script = Process()
        script.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        script.arguments = ["python3", root.appendingPathComponent("Scripts/statistics-vectors").path]
        let output = Pipe()
        script.standardOutput = output
        script.standardError = FileHandle.nullDevice
        try script.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        script.waitUntilExit()
        // 3 where SciPy is not installed, 127 where Python is not: then the stored vectors are all there is.
        if [3, 127].contains(script.terminationStatus) { return }
        try #require(script.terminationStatus == 0)
        try check(StatisticsVectors(json: text))
    }

    private func check(_ vectors: StatisticsVectors) {
        for vector in vectors.mannWhitney {
            let strata = vector.strata.map { Stratum(first: $0[0], second: $0[1]) }
            expect(Statistics.mannWhitneyP(strata), vector.p)
            expect(Statistics.mannWhitneyP(strata.map { Stratum(first: $0.second, second: $0.first) }), vector.p)
        }
        for vector in vectors.ratio {
            let interval = RatioInterval([Stratum(first: vector.first, second: vector.second)])
            expect(interval?.estimate, vector.estimate)
            expect(interval?.lower, vector.lower)
            expect(interval?.upper, vector.upper)
        }
        for vector in vectors.median {
            let interval = MedianInterval(vector.values)
            expect(interval?.lower, vector.lower)
            expect(interval?.upper, vector.upper)
        }
        for vector in vectors.delta {
            expect(Statistics.cliffsDelta([Stratum(first: vector.first, second: vector.second)]), vector.delta)
        }
        for vector in vectors.sign {
            let values = Array(repeating: 1.1, count: vector.above) + Array(repeating: 0.9, count: vector.below)
            expect(Statistics.signTestP(values + [1, 1], centre: 1), vector.p)
        }
        for vector in vectors.benjaminiHochberg {
            for (found, expected) in zip(Statistics.benjaminiHochbergAdjusted(vector.p), vector.adjusted) {
                expect(found, expected)
            }
        }
        #expect(vectors.mannWhitney.count == 8 && vectors.ratio.count == 7 && vectors.median.count == 7)
    }

    private func expect(_ found: Double?, _ expected: Double, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(
            found.map { abs($0 - expected) <= 1e-9 * abs(expected) } == true,
            "\(String(describing: found)) is not \(expected)", sourceLocation: sourceLocation)
    }
}
