import BenchmarkRecords
import Testing

extension EndToEndTests {
    /// How noisy this machine is, nobody knows: what is said about it has to agree with itself.
    @Suite struct NoiseCommandTests {
        private let command: InvbenchProcess

        init() throws { command = try InvbenchProcess() }

        @Test func whatIsSaidAboutNoiseIsWhatTheRowsSay() throws {
            let outcome = try command.run([
                "--guard", "mutex", "--scenario", "storm", "--faulters", "1", "--window", "20ms", "--retry-noisy=2",
                "--benchmark_repetitions=4", "--benchmark_format=json",
            ])
            #expect(outcome.status == 0)
            let rows = try outcome.rows().filter { $0.runType == .iteration }
            #expect(rows.count == 4)
            for row in rows {
                #expect(row[.noisy] == (Noise(row).isNoisy ? 1 : 0))
                let retries = try #require(row[.noisyRetries])
                #expect(row[.noisy] == 1 ? retries == 2 : (0...2).contains(retries))
            }
            let thrownAway = rows.reduce(0) { $0 + Int($1[.noisyRetries] ?? 0) }
            let sentence = "invbench: \(thrownAway) noisy measurement\(thrownAway == 1 ? " was" : "s were") thrown away"
            #expect(outcome.errors.contains(sentence) == (thrownAway > 0))
            #expect(outcome.errors.contains("a noisy run: ") == RunNoise(rows).isNoisy)
            #expect(!outcome.errors.contains("--retry-noisy"), "it was given")
        }

        @Test func theMachinesStateIsInEveryRow() throws {
            let outcome = try command.run([
                "--guard", "mutex", "--scenario", "storm", "--faulters", "1", "--window", "20ms",
                "--benchmark_repetitions=2", "--benchmark_format=json",
            ])
            let rows = try outcome.rows().filter { $0.runType == .iteration }
            #expect(rows.count == 2)
            let always: [Metric] = [
                .threadWindows, .voluntarySwitches, .involuntarySwitches, .pageFaults, .coreRoundTrip,
                .coreRoundTripAfter, .coreFrequency, .coreAdditions, .coreAdditionsAfter,
                .oversubscribed, .noisy,
            ]
            for row in rows {
                #expect(always.allSatisfy { row[$0] != nil }, "\(row.runName)")
                #expect(row[.noisyRetries] == 0)
            }
        }

        @Test func whetherThereAreCountersIsSaidOnceAndKept() throws {
            let outcome = try command.run([
                "--guard", "mutex", "--scenario", "calm", "--faulters", "1", "--window", "2ms",
                "--benchmark_repetitions=1",
            ])
            let context = try ResultsFile(reading: try #require(command.resultsFiles().first)).context
            let counters = try #require(context["counters"])
            #expect(context["retry_noisy"] == "0")
            #expect(outcome.errors.contains("counters \(counters)\n"))
            let row = try #require(command.savedRows().first)
            // Those of a processor may be taken by somebody else for a while; where there are none, none are shown.
            if counters.hasPrefix("none: ") { #expect(row[.cyclesPerFault] == nil) }
        }
    }
}
