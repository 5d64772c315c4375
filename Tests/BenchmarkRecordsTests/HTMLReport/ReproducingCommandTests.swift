import Testing

@testable import BenchmarkRecords

@Suite struct ReproducingCommandTests {
    private func lines(_ cells: [String]) -> [String] {
        let rows = cells.flatMap { cell in
            (0..<8).map { index in
                ResultRow(
                    runName: cell, repetitionIndex: index, repetitions: 8, realNanoseconds: 1, cpuNanoseconds: 1,
                    counters: ["faults_per_second": 1e6 + Double(index)])
            }
        }
        return RunAnswer(rows: rows).workloads.flatMap { ReproducingCommand($0).lines }
    }

    @Test func namesTheCells() {
        let found = lines(["storm/kvm/storm/faulters:2/invalidators:1", "storm/mutex/storm/faulters:2/invalidators:1"])
        #expect(found.count == 1)
        #expect(
            ["kvm,mutex", "mutex,kvm"].map { "invbench --guard \($0) --scenario storm --faulters 2 --invalidators 1" }
                .contains(found[0]))
        #expect(
            lines(["storm/kvm/calm/faulters:1/invalidators:0"])
                == ["invbench --guard kvm --scenario calm --faulters 1"])
    }

    @Test func parametersBecomeFlags() {
        let cell = "storm/kvm/storm/faulters:1/invalidators:1/walk:1000ns/change:20ns/fault-rate:5000/pin:cpus:0-3+8"
        #expect(
            lines([cell]) == [
                "invbench --guard kvm --scenario storm --faulters 1 --invalidators 1 --walk-ns 1000 --change-ns 20 "
                    + "--fault-rate 5000 --pin cpus:0-3,8"
            ])
        let one = [
            "storm/kvm/storm/faulters:1/invalidators:1", "storm/striped/storm/faulters:1/invalidators:1/stripe:4KiB",
        ]
        #expect(lines(one).count == 1)
        #expect(lines(one)[0].hasSuffix(" --stripe 4KiB"))
    }

    @Test func oneGuardWithSeveralParametersTakesSeveralRuns() {
        let found = lines([
            "storm/striped/storm/faulters:1/invalidators:1",
            "storm/striped/storm/faulters:1/invalidators:1/stripe:4KiB",
        ])
        #expect(
            Set(found) == [
                "invbench --guard striped --scenario storm --faulters 1 --invalidators 1",
                "invbench --guard striped --scenario storm --faulters 1 --invalidators 1 --stripe 4KiB",
            ])
    }

    @Test func shellsReadWordsAsTheyAre() {
        #expect(
            lines(["storm/kvm/trace:my 'odd' file/faulters:1/invalidators:1"]) == [
                "# a recording of your own: add --trace and its file",
                "invbench --guard kvm --scenario 'trace:my '\\''odd'\\'' file' --faulters 1 --invalidators 1",
            ])
        #expect(lines(["storm/a,b/storm/faulters:1/invalidators:1"]).isEmpty)
    }
}
