import Foundation
import Testing

@testable import BenchmarkRecords

@Suite struct ResultsFileTests {
    private func read(_ text: String) throws -> ResultsFile {
        try ResultsFile(json: Data(text.utf8), path: "r.json")
    }

    private func outcome(_ text: String) -> String {
        do {
            _ = try read(text)
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    /// As Google Benchmark 1.7.1 writes it, of a program of its own.
    static let plain = """
        {
          "context": {
            "date": "2025-01-02T03:04:05+00:00",
            "executable": "./bm \\"x\\"",
            "num_cpus": 2,
            "cpu_scaling_enabled": false,
            "caches": [
              {
                "type": "Data",
                "level": 1
              }
            ],
            "load_avg": [0.5,1],
            "library_build_type": "debug"
          },
          "benchmarks": [
            {
              "name": "BM_fill/8/repeats:2",
              "family_index": 0,
              "per_family_instance_index": 0,
              "run_name": "BM_fill/8/repeats:2",
              "run_type": "iteration",
              "repetitions": 2,
              "repetition_index": 1,
              "threads": 1,
              "iterations": 1000,
              "real_time": 1.5000000000000000e+00,
              "cpu_time": 1.0000000000000000e+00,
              "time_unit": "us",
              "bytes_per_second": 2.0000000000000000e+09,
              "label": "hot"
            },
            {
              "name": "BM_fill/8/repeats:2_cv",
              "run_name": "BM_fill/8/repeats:2",
              "run_type": "aggregate",
              "repetitions": 2,
              "threads": 1,
              "aggregate_name": "cv",
              "aggregate_unit": "percentage",
              "iterations": 2,
              "real_time": 2.5e-01,
              "cpu_time": 0.0e+00,
              "time_unit": "us"
            },
            {
              "name": "BM_sort_BigO",
              "run_name": "BM_sort",
              "run_type": "aggregate",
              "aggregate_name": "BigO",
              "aggregate_unit": "time",
              "cpu_coefficient": 1.0,
              "real_coefficient": 1.0,
              "big_o": "N",
              "time_unit": "ns"
            },
            {
              "name": "BM_bad",
              "run_name": "BM_bad",
              "run_type": "iteration",
              "error_occurred": true,
              "error_message": "no",
              "iterations": 0,
              "real_time": 0,
              "cpu_time": 0,
              "time_unit": "ns"
            }
          ]
        }
        """

    @Test(arguments: [
        (#""skipped": true, "skip_message": "no""#, 1), (#""error_occurred": true"#, 1), (#""skipped": false"#, 2),
    ])
    func whatWasSkippedIsAbsent(words: String, rows: Int) throws {
        let row = """
            {"name": "BM_one", "run_type": "iteration", "iterations": 1, "real_time": 1, "cpu_time": 1, "time_unit": "ns"
            """
        let file = try read("{\"context\": {}, \"benchmarks\": [\(row), \(words)}, \(row)}]}")
        #expect(file.rows.count == rows)
        #expect(file.unmeasured.count == 2 - rows)
        #expect(file.rows.allSatisfy { $0.counters.isEmpty })
    }

    @Test func repetitionsWithoutATimeAreKnownWithTheirReason() throws {
        func row(_ name: String, _ time: String, _ words: String = "", type: String = "iteration") -> String {
            """
            {"name": "\(name)_x", "run_name": "\(name)", "run_type": "\(type)", "iterations": 1, "real_time": \(time),
            "cpu_time": 0, "time_unit": "us"\(words)}
            """
        }
        let file = try read(
            """
            {"context": {}, "benchmarks": [
            \(row("BM_zero", "0.0")), \(row("BM_zero", "-0.0")), \(row("BM_less", "-3")), \(row("BM_fine", "1e-9")),
            \(row("BM_bad", "0", #", "error_occurred": true"#)), \(row("BM_out", "0", #", "skipped": true"#)),
            \(row("BM_fine", "0", #", "aggregate_name": "stddev""#, type: "aggregate"))]}
            """)
        #expect(
            file.unmeasured == [
                UnmeasuredRow(runName: "BM_zero", reason: .notPositive),
                UnmeasuredRow(runName: "BM_zero", reason: .notPositive),
                UnmeasuredRow(runName: "BM_less", reason: .notPositive),
                UnmeasuredRow(runName: "BM_bad", reason: .failed), UnmeasuredRow(runName: "BM_out", reason: .skipped),
            ])
        #expect(file.rows.map { ComparedMetric.realTime.value(of: $0) != nil } == [false, false, false, true, false])
        #expect(file.rows.allSatisfy { ComparedMetric.processorTime.value(of: $0) == nil })
        #expect(
            UnmeasuredRow.summary(of: file.unmeasured)
                == "repetitions that count as absent, ended by an error of their own: BM_bad (1); skipped by the "
                + "benchmark: BM_out (1); with a time of 0 or below: BM_less (1), BM_zero (2)")
        #expect(UnmeasuredRow.summary(of: []) == nil)
    }

    @Test func manyBenchmarksWithoutATimeAreOneLine() {
        let rows = (10..<22).map { UnmeasuredRow(runName: "BM_\($0)", reason: .skipped) }
        let text = UnmeasuredRow.summary(of: rows)
        #expect(text?.hasSuffix("BM_18 (1), BM_19 (1) and 2 others") == true)
    }

    @Test func readsAPlainFile() throws {
        let file = try read(Self.plain)
        #expect(file.context["num_cpus"] == "2")
        #expect(file.context["cpu_scaling_enabled"] == "false")
        #expect(file.context["executable"] == "./bm \"x\"")
        #expect(file.context["caches"] == "[{\"type\":\"Data\",\"level\":1}]")
        #expect(file.context["load_avg"] == "[0.5,1]")
        #expect(file.rows.count == 2)
        let row = file.rows[0]
        #expect(row.name == "BM_fill/8/repeats:2")
        #expect(row.cell == nil)
        #expect(row.repetitionIndex == 1)
        #expect(row.repetitions == 2)
        #expect(row.iterations == 1000)
        #expect(row.realNanoseconds == 1500)
        #expect(row.cpuNanoseconds == 1000)
        #expect(row.counters == ["bytes_per_second": 2e9])
        let variation = file.rows[1]
        #expect(variation.runType == .aggregate("cv"))
        #expect(variation.name == "BM_fill/8/repeats:2_cv")
        #expect(variation.repetitionIndex == nil)
        #expect(variation.realNanoseconds == 0.25)
    }

    @Test func readsACellOfOurs() throws {
        let file = try read(
            """
            {"context": {"machine_id": "m"}, "benchmarks": [
            {"name": "storm/kvm/storm/faulters:1/invalidators:1", "run_type": "iteration", "iterations": 1,
             "real_time": 250000000, "cpu_time": 12, "time_unit": "ns", "faults_per_second": 5e7}
            ]}
            """)
        let row = try #require(file.rows.first)
        #expect(row.cell?.guardName == "kvm")
        #expect(row[.faultsPerSecond] == 5e7)
        #expect(row[.faultP99] == nil)
    }

    @Test func refusesWhatIsNotJSON() {
        let bare = "{\"context\": {},\n \"benchmarks\": [{\"a\": NaN}]}"
        let advice = "is none of its numbers; leave out the counter that has no value"
        #expect(outcome(bare) == "r.json: line 2, column 23: not a JSON value: NaN \(advice)")
        for word in ["nan", "inf", "Infinity"] {
            let text = "{\"context\": {}, \"benchmarks\": [{\"a\": \(word)}]}"
            #expect(outcome(text).hasSuffix("not a JSON value: \(word) \(advice)"))
        }
        #expect(outcome("{\"context\": {}, \"benchmarks\": [{\"a\": Nan}]}").hasSuffix("not a JSON value"))
        let whole = "{\"context\": {}, \"benchmarks\": []}"
        #expect(
            outcome("\u{FEFF}" + whole)
                == "r.json: line 1, column 1: a byte order mark; save the file as UTF-8 without one")
        for before in ["2024-05-01T10:00:00+00:00\nRunning ./bench\n", "Running ./bench\n", "[1]\n", "7 "] {
            let text = outcome(before + whole)
            #expect(text.hasPrefix("r.json: line 1, column 1: text before the document"), "\(text)")
        }
        #expect(outcome("[1]") == "r.json: context: no such object")
        #expect(outcome("7 7") == "r.json: line 1, column 3: text after the end of the document")
        #expect(outcome("{\"context\": {}, \"benchmarks\": [{\"a\": -Infinity}]}").hasSuffix("a digit is due"))
        #expect(outcome("{\"context\": {}, \"benchmarks\": [{\"a\": 1e999}]}").hasSuffix("1e999 is too large"))
        #expect(outcome("{\"context\": {}, \"benchmarks\": [").contains("the text ends"))
        #expect(outcome("").contains("the text ends"))
    }

    @Test func saysWhatIsMissingAndWhere() {
        #expect(outcome("[]") == "r.json: context: no such object")
        #expect(outcome("{\"context\": {}}") == "r.json: benchmarks: no such list")
        #expect(outcome("{\"context\": {}, \"benchmarks\": [1]}") == "r.json: benchmarks[0]: not an object")
        let row = "\"name\": \"x\", \"iterations\": 1, \"real_time\": 1, \"cpu_time\": 1, \"time_unit\": \"ns\""
        func message(of row: String) -> String { outcome("{\"context\": {}, \"benchmarks\": [{\(row)}]}") }
        #expect(message(of: row) == "no error")
        #expect(
            message(of: row.replacing("\"real_time\": 1", with: "\"real_time\": \"1\""))
                == "r.json: benchmarks[0].real_time: a number is due")
        #expect(message(of: row.replacing("name", with: "nome")) == "r.json: benchmarks[0].name: a text is due")
        #expect(message(of: row.replacing("ns", with: "h")).contains("time_unit: unknown unit \"h\""))
        #expect(message(of: row.replacing("iterations\": 1", with: "iterations\": 1.5")).contains("whole number"))
        #expect(message(of: row + ", \"run_type\": \"odd\"").contains("run_type: unknown run type"))
        let long = row.replacing("\"ns\"", with: "\"s\"").replacing("cpu_time\": 1", with: "cpu_time\": 1e300")
        #expect(message(of: long) == "r.json: benchmarks[0].cpu_time: the time is too long")
    }

    @Test func anErrorIsOneLineWhateverTheFileHolds() {
        #expect(outcome("{\"a\\nb\": 1, \"a\\nb\": 2}").hasSuffix(": the key \"a\u{FFFD}b\" comes twice"))
        let error = ResultsFileError(path: "a\u{1b}b", place: "\u{2028}", reason: "\r\n\u{85}\0 \u{e9}")
        #expect(error.description == "a\u{FFFD}b: \u{FFFD}: \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD} \u{e9}")
    }

    @Test func namesAFileThatIsNotThere() {
        #expect(throws: ResultsFileError.self) { try ResultsFile(reading: "/nowhere/r.json") }
        do {
            _ = try ResultsFile(reading: "/nowhere/r.json")
        } catch {
            #expect("\(error)".hasPrefix("/nowhere/r.json: cannot read: "))
        }
    }

    @Test func keepsOnlyTheCountersThatAreWanted() throws {
        let file = try ResultsFile(json: Data(Self.plain.utf8), path: "r.json", counters: ["none"])
        #expect(file.rows.map(\.counters) == [[:], [:]])
        #expect(
            try ResultsFile(json: Data(Self.plain.utf8), path: "r.json", counters: ["bytes_per_second"]).rows
                == read(Self.plain).rows)
        #expect(file.rows[0].realNanoseconds == 1500)
    }

    /// Keys are expected in the order of the row before: rows with fewer, more and other ones, and in another order.
    @Test func rowsMayHaveDifferentKeys() throws {
        let own = "\"name\": \"x\", \"iterations\": 1, \"real_time\": 1, \"cpu_time\": 1, \"time_unit\": \"ns\""
        let rows = [
            "\(own), \"a\": 1, \"b\": 2, \"c\": 3", "\"c\": 4, \"b\": 5, \(own)", "\(own), \"b\": 6",
            "\(own), \"\\u0061\": 7, \"d\": 8, \"b\": 9", "\(own)", "\(own), \"a\": 10, \"bb\": 11, \"c\": 12",
        ]
        let text = "{\"context\": {}, \"benchmarks\": [\(rows.map { "{\($0)}" }.joined(separator: ","))]}"
        #expect(
            try read(text).rows.map(\.counters) == [
                ["a": 1, "b": 2, "c": 3], ["c": 4, "b": 5], ["b": 6], ["a": 7, "d": 8, "b": 9], [:],
                ["a": 10, "bb": 11, "c": 12],
            ])
    }

    @Test(arguments: ["\"a\": 2", "\"\\u0061\": 2", "\"name\": 2", "\"threads\": 1, \"threads\": 2"])
    func aRowWithAKeyTwiceIsRefused(second: String) {
        let own = "\"name\": \"x\", \"iterations\": 1, \"real_time\": 1, \"cpu_time\": 1, \"time_unit\": \"ns\""
        let text = "{\"context\": {}, \"benchmarks\": [{\(own), \"a\": 1}, {\(own), \"a\": 1, \(second)}]}"
        #expect(outcome(text).hasSuffix("comes twice"))
    }

    @Test func aFaultOfTheTextComesBeforeThatOfARow() {
        #expect(outcome("{\"context\": {}, \"benchmarks\": [{\"name\": 1}, {]}").hasSuffix("a key in quotes is due"))
        #expect(outcome("{\"benchmarks\": [7, 8], \"context\": {}}") == "r.json: benchmarks[0]: not an object")
        #expect(outcome("{\"benchmarks\": []}") == "r.json: context: no such object")
        #expect(outcome("{\"context\": {}, \"benchmarks\": [], \"benchmarks\": []}").hasSuffix("comes twice"))
        #expect(outcome("{\"context\": {}, \"benchmarks\": []} x").hasSuffix("text after the end of the document"))
    }
}
