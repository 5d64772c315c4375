import Foundation
import Testing

@testable import BenchmarkRecords

@Suite struct ScalabilityLawTests {
    /// Rates that follow the law, each off by the same small part, up and down by turns.
    private func points(
        single: Double, contention: Double, coherency: Double, threads: [Int], noise: Double = 0
    ) -> [(threads: Int, rate: Double)] {
        threads.enumerated().map { index, threads in
            let n = Double(threads)
            let rate = n * single / (1 + contention * (n - 1) + coherency * n * (n - 1))
            return (threads, rate * (1 + (index.isMultiple(of: 2) ? noise : -noise)))
        }
    }

    private let threads = [1, 2, 4, 8, 16, 32, 64]

    @Test(arguments: [(0.02, 0.0005), (0.3, 0.01), (0.0, 0.002), (0.1, 0.0)])
    func findsWhatItWasMadeFrom(contention: Double, coherency: Double) throws {
        let law = try #require(
            ScalabilityLaw(points(single: 5e6, contention: contention, coherency: coherency, threads: threads)))
        #expect(abs(law.single / 5e6 - 1) < 1e-6)
        #expect(abs(law.contention.value - contention) < 1e-6)
        #expect(abs(law.coherency.value - coherency) < 1e-6)
        #expect(law.goodness > 0.999999)
        #expect((law.peak == nil) == (law.coherency.value == 0))
    }

    @Test func aPeakIsWhereTheRateIsHighest() throws {
        let law = try #require(ScalabilityLaw(points(single: 1, contention: 0.05, coherency: 0.001, threads: threads)))
        let best = try #require((1...256).max { law.rate(Double($0)) < law.rate(Double($1)) })
        #expect(abs(try #require(law.peak) - Double(best)) <= 1)
    }

    /// Better than linear growth would need a contention below 0.
    @Test func neitherParameterIsBelowZero() throws {
        let law = try #require(ScalabilityLaw(threads.map { ($0, pow(Double($0), 1.1)) }))
        #expect(law.contention.value == 0)
        #expect(law.coherency.value >= 0)
        #expect(law.contention.low == 0)
    }

    @Test func intervalsHoldWhatNoiseHides() throws {
        let law = try #require(
            ScalabilityLaw(
                points(single: 5e6, contention: 0.02, coherency: 0.0005, threads: threads, noise: 0.03)))
        #expect(law.contention.low <= 0.02 && 0.02 <= law.contention.high)
        #expect(law.coherency.low <= 0.0005 && 0.0005 <= law.coherency.high)
        #expect(law.contention.low < law.contention.high)
    }

    @Test func fewPointsAreTooFew() {
        let few = points(single: 1, contention: 0.1, coherency: 0, threads: [1, 2, 4, 8])
        #expect(ScalabilityLaw(few) == nil)
        // A number of threads that comes again is no point more.
        #expect(ScalabilityLaw(few + [few[0]]) == nil)
        #expect(ScalabilityLaw([1, 2, 3, 4, 5].map { ($0, 0) }) == nil)
    }
}

@Suite struct LadderTests {
    private func rows(
        _ faulters: [Int], cores: Int, roundTrip: (Int) -> Double? = { _ in 100 },
        guards: [String] = ["kvm", "striped"]
    ) -> [ResultRow] {
        faulters.flatMap { count in
            guards.flatMap { name in
                let n = Double(count)
                let scale = name == "striped" ? 3e6 : 2e6
                let rate = n * scale / (1 + 0.05 * (n - 1) + 0.001 * n * (n - 1))
                var counters: [Metric: Double] = [.faultP99: 500 * n, .oversubscribed: count > cores ? 1 : 0]
                counters[.coreRoundTrip] = roundTrip(count)
                return repetitions(
                    of: name, on: "storm/faulters:\(count)/invalidators:1", faultsPerSecond: rates(rate, 8),
                    counters: counters)
            }
        }
    }

    @Test func fitsWhatHasACoreForEachThread() throws {
        let answer = RunAnswer(rows: rows([1, 2, 4, 8, 16, 32], cores: 16))
        let ladder = try #require(answer.ladders.first)
        #expect(answer.ladders.count == 1)
        #expect(ladder.rungs == [1, 2, 4, 8, 16, 32])
        #expect(ladder.climbs.map(\.name) == ["striped", "kvm"])
        let climb = ladder.climbs[0]
        #expect(climb.points.map(\.isOversubscribed) == [false, false, false, false, false, true])
        #expect(climb.points.map(\.faultP99) == [500, 1000, 2000, 4000, 8000, 16000])
        let law = try #require(climb.law)
        #expect(abs(law.contention.value - 0.05) < 0.001)
        #expect(abs(law.coherency.value - 0.001) < 0.0001)
        let text = AnswerTable(answer, machine: MachineText(context: [:])).description
        #expect(text.contains("ladder: storm, 1 invalidator, 100 ns between cores"))
        #expect(text.contains("32*"))
        #expect(text.contains("striped: contention 0.050 (0.0"))
        // The curve is highest at 31 faulters, which 16 have not shown.
        #expect(text.contains("peak at 31 faulters"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 110 })
    }

    @Test func saysWhereThePointsAreTooFew() throws {
        let answer = RunAnswer(rows: rows([1, 2, 4], cores: 2))
        let ladder = try #require(answer.ladders.first)
        #expect(ladder.climbs.allSatisfy { $0.law == nil })
        let text = AnswerTable(answer, machine: MachineText(context: [:])).description
        #expect(text.contains("too few points for a fit: 2 of 5 with a core for each thread"))
        let json = AnswerDocument.json(answer, machine: MachineText(context: [:]))
        #expect(json.contains("\"no_law\" : \"too few points for a fit: 2 of 5"))
        #expect(AnswerDocument.markdown(answer, machine: MachineText(context: [:])).contains("## ladder: storm"))
        #expect(RunAnswer(rows: rows([1, 2], cores: 2)).ladders.isEmpty)
    }

    /// Rungs of two states of the cores are no ladder; a thread alone has no state, and goes with each.
    @Test func isOfOneState() throws {
        let mixed = RunAnswer(rows: rows([1, 2, 4], cores: 8) { $0 == 4 ? 400 : 100 })
        #expect(mixed.ladders.isEmpty)
        let alone = RunAnswer(rows: rows([1, 2, 4], cores: 8) { $0 == 1 ? nil : 100 })
        #expect(try #require(alone.ladders.first).rungs == [1, 2, 4])
        #expect(alone.ladders.count == 1)
    }

    /// What was counted stands beside what was measured, where it was counted for as many threads.
    @Test func countedLinesStandBesideIt() throws {
        let cells = [(2, 2.0), (5, 2.5)].map { cores, lines in
            let counts = CostTable.Counts([100, 0, 0, 0, 0, 0, UInt64(10 * lines)]) ?? CostTable.Counts()
            return CostTable.Cell(
                guardName: "striped", work: "storm", cores: cores, nodes: 1,
                faults: CostTable.Operation(count: 10, functions: ["fault": counts]),
                invalidations: CostTable.Operation(count: 1))
        }
        let table = CostTable(compiler: "", cells: cells)
        let rows = rows([1, 2, 4], cores: 8)
        let answer = RunAnswer(rows: rows, options: AnswerOptions(counts: table))
        let ladder = try #require(answer.ladders.first)
        #expect(ladder.climbs.map { $0.points.map(\.countedLines) } == [[2, nil, 2.5], [nil, nil, nil]])
        let machine = MachineText(context: [:])
        let text = AnswerTable(answer, machine: machine).description
        #expect(text.contains("lines      2.00       -    2.50"))
        #expect(text.contains("counted and not measured"))
        #expect(AnswerDocument.json(answer, machine: machine).contains("\"counted_lines\" : 2.5"))
        let page = HTMLReport(answer, rows: rows, machine: machine, files: []).description
        #expect(page.contains("4, lines (counted)") && page.contains("2.50"))
        let plain = AnswerTable(RunAnswer(rows: rows), machine: machine).description
        #expect(!plain.contains("counted and not measured"))
    }

    @Test func thePageHasASection() throws {
        let rows = rows([1, 2, 4, 8, 16, 32], cores: 16)
        let page = HTMLReport(
            RunAnswer(rows: rows), rows: rows, machine: MachineText(context: [:]), files: []
        )
        .description
        #expect(page.contains("<section id=\"ladder-1\">"))
        #expect(page.contains("dot hollow fault"))
        #expect(page.contains("contention 0.050"))
    }
}
