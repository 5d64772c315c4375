import BenchmarkRecords
import Testing

@testable import InvbenchCommand

@Suite struct StaleTranslationsTests {
    private let cells: [Cell]

    init() throws {
        let catalogue = try CellCatalogue(builtInTraces: [])
        cells = CellCatalogue.cells(
            guards: try catalogue.guards(named: ["unprotected", "mutex"]),
            scenarios: try catalogue.scenarios(named: ["storm"]), cores: 2, faulters: [1], invalidators: nil,
            adjustments: .init()
        )
    }

    private func row(_ cell: Cell, stale: Double) -> ResultRow {
        ResultRow(
            runName: cell.name, realNanoseconds: 1, cpuNanoseconds: 1, counters: [Metric.staleInstalls.rawValue: stale])
    }

    @Test func thoseOfProtectedGuardsAreCounted() throws {
        let mutex = try #require(cells.first { $0.entry.name == "mutex" })
        let found = StaleTranslations.found(in: [row(mutex, stale: 2), row(mutex, stale: 1)], of: cells)
        #expect(found.map(\.cell) == [mutex.name] && found.map(\.count) == [3])
        #expect(StaleTranslations.message(found).contains("\(mutex.name): 3"))
    }

    @Test func thoseOfUnprotectedGuardsAreTheirNature() throws {
        let unprotected = try #require(cells.first { !$0.entry.isProtected })
        #expect(StaleTranslations.found(in: [row(unprotected, stale: 9)], of: cells).isEmpty)
    }
}
