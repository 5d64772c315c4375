import BenchmarkRecords
import Testing

@testable import InvbenchCommand

@Suite struct LibraryStatisticTests {
    private let sum = LibraryStatistic(index: 0, isRatio: false, name: "sum") { $0.reduce(0, +) }

    private func row(_ real: Double, _ counters: [String: Double]) -> ResultRow {
        ResultRow(runName: "cell", repetitions: 2, realNanoseconds: real, cpuNanoseconds: 1, counters: counters)
    }

    @Test func anAggregateIsOverEveryRepetition() throws {
        let aggregate = try #require(sum.aggregate(of: [row(1, ["a": 3]), row(2, ["a": 4])]))
        #expect(aggregate.name == "cell_sum")
        #expect(aggregate.realNanoseconds == 3 && aggregate.cpuNanoseconds == 2)
        #expect(aggregate.counters == ["a": 7] && aggregate.iterations == 2)
    }

    @Test func aCounterThatARepetitionLacksIsLeftOut() {
        #expect(sum.aggregate(of: [row(1, ["a": 3, "b": 1]), row(2, ["a": 4])])?.counters == ["a": 7])
    }

    @Test func whatIsNotFiniteIsLeftOut() {
        let quotient = LibraryStatistic(index: 0, isRatio: true, name: "cv") { $0[0] / $0[1] }
        #expect(quotient.aggregate(of: [row(1, ["a": 0]), row(2, ["a": 0])])?.counters == [:])
        #expect(quotient.aggregate(of: [row(0, [:]), row(0, [:])]) == nil)
    }
}
