import Foundation
import Testing

@testable import BenchmarkRecords

@Suite struct AdviceTests {
    /// What one guard does on a workload.
    private struct Figures {
        let faults: Double
        let invalidations: Double
        /// How much of the time its faulter runs.
        var busy = 1.0
        var catchUp = 0.0
    }

    /// What is advised where `workloads` do this, eight blocks of each.
    private func advice(_ workloads: [String: [String: Figures]]) throws -> Advice {
        let rows = workloads.sorted { $0.key < $1.key }.flatMap { scenario, guards in
            (0..<8).flatMap { block in
                guards.sorted { $0.key < $1.key }.map { name, figures in
                    let rate = figures.faults * (1 + 0.003 * Double((block * 7 + name.count) % 5))
                    return ResultRow(
                        runName: "storm/\(name)/\(scenario)/faulters:1/invalidators:1", repetitionIndex: block,
                        repetitions: 8, iterations: Int(rate / 20), realNanoseconds: 1e9 / rate,
                        cpuNanoseconds: 1e9 * figures.busy / rate,
                        counters: [
                            Metric.faultsPerSecond.rawValue: rate, Metric.staleInstalls.rawValue: 0,
                            Metric.invalidationsPerSecond.rawValue: figures.invalidations,
                            Metric.invalidationCatchUp.rawValue: figures.catchUp,
                            Metric.coreRoundTrip.rawValue: 100, Metric.coreRoundTripAfter.rawValue: 101,
                        ])
                }
            }
        }
        return try #require(RunAnswer(rows: rows).advice)
    }

    /// A workload in which guards differ by nothing.
    private func even(_ names: String...) -> [String: Figures] {
        Dictionary(uniqueKeysWithValues: names.map { ($0, Figures(faults: 50e6, invalidations: 1e4)) })
    }

    @Test func aGuardThatLetsFewInvalidationsThroughIsOut() throws {
        // `quick` is ahead by faults alone, and starves the invalidator.
        let advice = try advice([
            "steady": [
                "quick": Figures(faults: 110e6, invalidations: 1e4), "fair": Figures(faults: 80e6, invalidations: 1e4),
            ],
            "storm": [
                "quick": Figures(faults: 26e6, invalidations: 3e5), "fair": Figures(faults: 25e6, invalidations: 2e6),
            ],
        ])
        #expect(advice.name == "fair")
        #expect(advice.worst?.name == "quick" && advice.worst?.workload == "steady")
        #expect(abs(advice.worstFactor - 1.375) < 0.01)
        #expect(advice.better.map(\.workload) == ["steady"])
        // 4 % more faults are not worth a sixth of the invalidations.
        #expect(advice.trades.isEmpty)
    }

    @Test func aGuardThatLetsFewFaultsThroughIsOut() throws {
        // More invalidations than anyone, and hardly a fault.
        let advice = try advice([
            "calm": even("starving", "fair"),
            "storm": [
                "starving": Figures(faults: 1e6, invalidations: 9e6), "fair": Figures(faults: 25e6, invalidations: 2e6),
            ],
        ])
        #expect(advice.name == "fair")
        #expect(advice.worst == nil && advice.worstFactor == 1)
        #expect(advice.better.isEmpty)
    }

    @Test(arguments: [("first", "second"), ("second", "first")])
    func invalidationsDecideBetweenGuardsOfEqualFaults(slow: String, fast: String) throws {
        let advice = try advice([
            "calm": even(slow, fast),
            "storm": [
                slow: Figures(faults: 20e6, invalidations: 1e6), fast: Figures(faults: 20e6, invalidations: 2e6),
            ],
        ])
        #expect(advice.name == fast)
    }

    @Test func processorTimeDecidesBetweenGuardsOfEqualRates() throws {
        let workloads = [
            "calm": even("spinning", "sleeping"),
            "pressure": [
                "spinning": Figures(faults: 1e6, invalidations: 1e5),
                "sleeping": Figures(faults: 1e6, invalidations: 1e5, busy: 0.4),
            ],
        ]
        let advice = try advice(workloads)
        #expect(advice.name == "sleeping" && advice.worst == nil)
        // Without the other one to take, its economy is what speaks for it.
        let both = try self.advice(
            workloads.merging([
                "storm": [
                    "spinning": Figures(faults: 9e6, invalidations: 1e5),
                    "sleeping": Figures(faults: 1e6, invalidations: 1e5),
                ]
            ]) { $1 })
        #expect(both.name == "spinning")
        let exception = try #require(both.better.first)
        #expect(exception.name == "sleeping" && exception.workload == "pressure")
        #expect(abs(exception.economy - 2.5) < 0.05)
    }

    @Test func aGuardThatIsBehindOnceIsNotTaken() throws {
        let advice = try advice([
            "calm": [
                "late": Figures(faults: 90e6, invalidations: 1e4), "timely": Figures(faults: 30e6, invalidations: 1e4),
            ],
            "pressure": [
                "late": Figures(faults: 90e6, invalidations: 1e4, catchUp: 20e6),
                "timely": Figures(faults: 30e6, invalidations: 1e4),
            ],
        ])
        #expect(advice.name == "timely")
        #expect(advice.better.map(\.workload) == ["calm"])
    }

    @Test func moreFaultsForFewerInvalidationsIsATrade() throws {
        let answer = [
            "calm": even("one", "two"),
            "storm": [
                "one": Figures(faults: 20e6, invalidations: 1e6), "two": Figures(faults: 10e6, invalidations: 4e6),
            ],
        ]
        let advice = try advice(answer)
        #expect(advice.name == "two" && advice.better.isEmpty)
        let trade = try #require(advice.trades.first)
        #expect(trade.name == "one" && trade.workload == "storm")
        #expect(abs(trade.faults - 2) < 0.02 && trade.invalidations == 0.25)
    }

    @Test func ofTwoThatAreBeatenAlikeTheNextWorkloadDecides() throws {
        // The best of each workload is one that is behind elsewhere, so that it is no choice.
        func workload(_ first: Double, _ second: Double, late: Double) -> [String: Figures] {
            [
                "first": Figures(faults: first, invalidations: 1e5),
                "second": Figures(faults: second, invalidations: 1e5),
                "late": Figures(faults: 40e6, invalidations: 1e5, catchUp: late),
            ]
        }
        let advice = try advice([
            "calm": workload(20e6, 20e6, late: 0), "steady": workload(30e6, 39e6, late: 0),
            "storm": workload(30e6, 30e6, late: 30e6),
        ])
        #expect(advice.name == "second" && abs(advice.worstFactor - 2) < 0.02)
    }

    @Test func whatNoTestShowsCountsAsEqual() throws {
        // Each is ahead once by 4 %. One guard alone can differ by as much from run to run.
        let (more, fewer) = (Figures(faults: 52e6, invalidations: 1e4), Figures(faults: 50e6, invalidations: 1e4))
        let advice = try advice(["calm": ["one": more, "two": fewer], "storm": ["one": fewer, "two": more]])
        #expect(advice.worst == nil && advice.worstFactor == 1)
    }

    @Test func theVerdictSaysItInWords() throws {
        let lines = try VerdictText.of(
            advice([
                "steady": [
                    "quick": Figures(faults: 110e6, invalidations: 1e4),
                    "fair": Figures(faults: 80e6, invalidations: 1e4),
                ],
                "storm": [
                    "quick": Figures(faults: 40e6, invalidations: 3e5),
                    "fair": Figures(faults: 20e6, invalidations: 3e6),
                ],
            ]))
        #expect(
            lines == [
                "take fair: in 2 workloads no guard beats it by more than 1.38 x (quick in steady), and it is never behind.",
                "Better there: quick for steady (1.38 x faults).",
                "Faster at faults, at a price: quick for storm (2.01 x, for 0.10 x invalidations).",
            ])
    }
}
