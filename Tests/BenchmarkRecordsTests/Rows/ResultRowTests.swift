import Testing

@testable import BenchmarkRecords

@Suite struct ResultRowTests {
    @Test func neverHoldsWhatJSONCannotSay() {
        let row = ResultRow(
            runName: "x", realNanoseconds: 1, cpuNanoseconds: 1,
            counters: ["a": .nan, "b": .infinity, "faults_per_second": 2])
        #expect(row.counters == ["faults_per_second": 2])
        #expect(row[.faultsPerSecond] == 2)
        #expect(row[.faultP50] == nil)
    }

    @Test func anAggregateIsNamedAfterItself() {
        let cell = "storm/kvm/storm/faulters:1/invalidators:1"
        let row = ResultRow(runName: cell, runType: .aggregate("median"), realNanoseconds: 1, cpuNanoseconds: 1)
        #expect(row.name == cell + "_median")
        #expect(row.cell?.description == cell)
    }
}
