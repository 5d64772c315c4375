import Testing

@testable import BenchmarkRecords

@Suite struct CSVTableTests {
    @Test func hasTheUnionOfAllCounters() {
        let rows = [
            ResultRow(
                runName: "a", repetitionIndex: 1, repetitions: 3, iterations: 5, realNanoseconds: 1.5,
                cpuNanoseconds: 2, counters: ["zebra": 1, "faults_per_second": 5e7, "apple": 0.1]),
            ResultRow(
                runName: "b, \"c\"\n", runType: .aggregate("median"), repetitions: 3, iterations: 3, realNanoseconds: 1,
                cpuNanoseconds: 1, counters: ["fault_p99_ns": 1062, "zebra": .nan]),
        ]
        #expect(
            CSVTable(rows: rows).description
                == "name,run_type,aggregate_name,repetition_index,repetitions,iterations,real_time,cpu_time,time_unit,"
                + "fault_p99_ns,faults_per_second,apple,zebra\r\n"
                + "a,iteration,,1,3,5,1.5,2,ns,,50000000,0.1,1\r\n"
                + "\"b, \"\"c\"\"\n_median\",aggregate,median,,3,3,1,1,ns,1062,,,\r\n")
    }

    @Test func noRowsMakeAHeadingAlone() {
        let text = CSVTable(rows: []).description
        #expect(text.hasPrefix("name,") && text.hasSuffix("time_unit\r\n"))
    }
}
