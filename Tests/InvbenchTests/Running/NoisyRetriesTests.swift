import BenchmarkRecords
import Testing

@testable import InvalidationStorm
@testable import InvbenchCommand

/// Measurements that somebody wrote beforehand.
private final class Script {
    enum Line {
        case quiet
        case noisy
        case stale(isNoisy: Bool)
        case cancelled
    }

    private var lines: [Line]
    private(set) var played = 0

    init(_ lines: [Line]) { self.lines = lines }

    /// The next one; its number of faults is its place in the script, from 1.
    func next() -> StormMeasurement? {
        let line = lines.removeFirst()
        played += 1
        var measurement = StormMeasurement(
            faulters: [], invalidators: [], churner: nil, staleInstalls: 0,
            conditions: RepetitionConditions(
                machine: (0, 0), threads: [], before: CoreReadings(), after: CoreReadings(), faulters: 1,
                isOversubscribed: false),
            samplingShift: 0, isWarmUpSteady: nil, windowLengthTicks: 1, memory: nil, clock: .calibrated)
        measurement.faults = UInt64(played)
        switch line {
        case .quiet: break
        case .noisy: measurement.conditions.stealPercent = 50
        case .stale(let isNoisy):
            measurement.staleInstalls = 1
            measurement.conditions.stealPercent = isNoisy ? 50 : 0
        case .cancelled: return nil
        }
        return measurement
    }
}

@Suite struct NoisyRetriesTests {
    /// Which of the script's measurements is kept, from 1, and how many were thrown away; 0 where none is.
    private func outcome(_ limit: Int, _ lines: Script.Line..., isProtected: Bool = true) -> [Int] {
        let script = Script(lines)
        let kept = NoisyRetries.measure(limit: limit, isProtected: isProtected, script.next)
        #expect(script.played == lines.count, "it stops in time, and not too early")
        return [Int(kept?.measurement.faults ?? 0), kept?.thrownAway ?? 0]
    }

    @Test func theFirstQuietOneIsKept() {
        #expect(outcome(3, .quiet) == [1, 0])
        #expect(outcome(3, .noisy, .quiet) == [2, 1])
        #expect(outcome(3, .noisy, .noisy, .noisy, .quiet) == [4, 3])
    }

    @Test func elseTheLast() {
        #expect(outcome(0, .noisy) == [1, 0])
        #expect(outcome(2, .noisy, .noisy, .noisy) == [3, 2])
    }

    @Test func aStaleTranslationOfAProtectedGuardIsNeverThrownAway() {
        #expect(outcome(3, .stale(isNoisy: true)) == [1, 0])
        #expect(outcome(3, .noisy, .stale(isNoisy: true)) == [2, 1])
        #expect(outcome(3, .stale(isNoisy: true), .quiet, isProtected: false) == [2, 1])
    }

    @Test func aCancelledRetryLeavesWhatThereIs() {
        #expect(outcome(3, .cancelled) == [0, 0])
        #expect(outcome(3, .noisy, .noisy, .cancelled) == [2, 1])
    }

    /// The only session of this process: Google Benchmark has one registry.
    @Test func aSessionThrowsNoisyMeasurementsAwayAndSaysSo() throws {
        let options = try RunOptions.parse([
            "--guard=mutex", "--scenario=calm", "--faulters=1", "--benchmark_repetitions=3", "--retry-noisy=2",
        ])
        let plan = try RunPlan(options, catalogue: CellCatalogue(builtInTraces: []), cores: 1)
        let script = Script([.quiet, .noisy, .quiet, .noisy, .noisy, .noisy])
        let session = MeasuringSession(
            plan: plan, scenarios: try plan.loadScenarios(), cancellation: Cancellation(), destinations: [],
            histograms: nil, progress: ProgressLine(total: 3, expectedSeconds: 1, isShown: false),
            source: { _, _, _ in script.next() })
        session.run(context: [])
        let rows = session.rows.filter { $0.runType == .iteration }
        #expect(rows.map { $0[.noisyRetries] } == [0, 1, 2])
        #expect(rows.map { $0[.noisy] } == [0, 0, 1])
        #expect(rows.map(\.repetitionIndex) == [0, 1, 2])
        #expect(
            NoiseMessage.lines(of: rows, retryLimit: plan.noisyRetries) == [
                "3 noisy measurements were thrown away and made again",
                "a noisy run: 1 of 3 repetitions are outside the limits, most by steal; see 'invbench doctor'",
            ])
    }

    @Test func aQuietRunIsNotTalkedAbout() {
        func row(_ counters: [Metric: Double]) -> ResultRow {
            ResultRow(
                runName: "cell", realNanoseconds: 1, cpuNanoseconds: 1,
                counters: Dictionary(uniqueKeysWithValues: counters.map { ($0.key.rawValue, $0.value) }))
        }
        #expect(NoiseMessage.lines(of: [row([:])], retryLimit: 0).isEmpty)
        let lines = NoiseMessage.lines(
            of: [row([.steal: 9, .otherLoad: 1, .cpuMigrations: 99, .threadWindows: 1e9]), row([.otherLoad: 2])],
            retryLimit: 0)
        #expect(lines.count == 1)
        #expect(lines.first?.contains("2 of 2 repetitions") == true)
        #expect(
            lines.first?.contains("most by other load and steal; see 'invbench doctor', or --retry-noisy 3") == true)
    }
}
