import Foundation
import Testing

@testable import BenchmarkRecords

/// The statistics against SciPy: against what it once said, and where it is installed against what it says now.
@Suite struct StatisticsVectorsTests {
    @Test func agreesWithTheStoredVectors() throws {
        let vectors = try StatisticsVectors(json: StatisticsVectors.storedText())
        #expect(vectors.mannWhitney.count == 8 && vectors.delta.count == 3)
        #expect(vectors.sets.count == 200 && vectors.pairedSets.count == 100)
        check(vectors)
    }

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
        let vectors = try StatisticsVectors(json: text)
        check(vectors)
        let stored = try StatisticsVectors.storedText()
        let old = try StatisticsVectors(json: stored)
        // The same versions must print the same: the file is the script's output and nothing else.
        let isSame = text == stored
        #expect(isSame || vectors.scipy != old.scipy || vectors.numpy != old.numpy, "the stored output is another")
    }

    private func check(_ vectors: StatisticsVectors) {
        for vector in vectors.mannWhitney {
            let strata = vector.strata.map { Stratum(first: $0[0], second: $0[1]) }
            expect(Statistics.mannWhitneyP(strata), vector.p)
            expect(Statistics.mannWhitneyP(strata.map { Stratum(first: $0.second, second: $0.first) }), vector.p)
        }
        for vector in vectors.delta {
            expect(Statistics.cliffsDelta([Stratum(first: vector.first, second: vector.second)]), vector.delta)
        }
        check(vectors.sets)
        checkBootstrap(vectors.sets)
        for set in vectors.pairedSets {
            expect(Statistics.signedRankP(set.logs), set.p)
            let interval = RatioInterval(pairedLogRatios: set.logs, confidence: 0.95)
            expect(interval, lower: set.lower, upper: set.upper, estimate: set.estimate)
        }
    }

    /// Tests, intervals and corrections of two samples.
    private func check(_ sets: [StatisticsVectors.DataSet]) {
        let p = sets.compactMap { Statistics.mannWhitneyP($0.first, $0.second) }
        for ((set, p), (holm, benjaminiHochberg)) in zip(
            zip(sets, p), zip(Statistics.holmAdjusted(p), Statistics.benjaminiHochbergAdjusted(p)))
        {
            expect(p, set.p)
            expect(holm, set.holm)
            expect(benjaminiHochberg, set.benjaminiHochberg)
            let interval = RatioInterval([Stratum(first: set.first, second: set.second)])
            expect(interval, lower: set.lower, upper: set.upper, estimate: set.estimate)
        }
        #expect(p.count == sets.count)
    }

    /// The exact interval has no bootstrap in it, and with few values keeps its level where the bootstrap is too narrow.
    /// Both are intervals of one estimate: they must overlap, and be about as wide where there are values enough. The
    /// exact ones were 1.06 times as wide in the middle, and from 0.89 to 1.21 times.
    private func checkBootstrap(_ sets: [StatisticsVectors.DataSet]) {
        var widths: [Double] = []
        for set in sets {
            guard let interval = RatioInterval([Stratum(first: set.first, second: set.second)]) else { continue }
            #expect(interval.lower <= set.bootstrap[1] && interval.upper >= set.bootstrap[0])
            if min(set.first.count, set.second.count) >= 8 {
                widths.append(log(interval.upper / interval.lower) / log(set.bootstrap[1] / set.bootstrap[0]))
            }
        }
        #expect(widths.count > 50)
        #expect(Statistics.median(widths).map { 0.95 < $0 && $0 < 1.2 } == true)
        #expect(widths.allSatisfy { 0.8 < $0 && $0 < 1.4 })
    }

    private func expect(
        _ found: RatioInterval?, lower: Double?, upper: Double?, estimate: Double,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard let lower, let upper else {
            #expect(found == nil, sourceLocation: sourceLocation)
            return
        }
        expect(found?.estimate, estimate, sourceLocation: sourceLocation)
        expect(found?.lower, lower, sourceLocation: sourceLocation)
        expect(found?.upper, upper, sourceLocation: sourceLocation)
    }

    private func expect(_ found: Double?, _ expected: Double, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(
            found.map { abs($0 - expected) <= 1e-9 * abs(expected) } == true,
            "\(String(describing: found)) is not \(expected)", sourceLocation: sourceLocation)
    }
}
