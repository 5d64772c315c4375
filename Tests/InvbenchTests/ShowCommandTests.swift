import BenchmarkRecords
import Foundation
import Testing

extension EndToEndTests {
    /// The answer of a file that a run has left, drawn again.
    @Suite struct ShowCommandTests {
        private let command: InvbenchProcess

        init() throws { command = try InvbenchProcess() }

        /// A results file of one workload and two guards, one of which is twice as fast.
        static func file(machine: String = "a", host: String? = nil, blocks: Int = 8, factor: Double = 1) -> String {
            let rows = (0..<blocks).flatMap { block in
                [("mutex", factor * 1e6), ("striped", factor * 2e6)].map { name, rate in
                    """
                    {"name": "storm/\(name)/storm/faulters:1/invalidators:1", "run_name": \
                    "storm/\(name)/storm/faulters:1/invalidators:1", "run_type": "iteration", "repetitions": \(blocks), \
                    "repetition_index": \(block), "threads": 1, "iterations": 1000, "real_time": 1, "cpu_time": 1, \
                    "time_unit": "ns", "faults_per_second": \(rate + Double(block * 1000)), "stale_installs": 0, \
                    "fault_p99_ns": 100, "core_round_trip_ns": 100}
                    """
                }
            }
            let host = host.map { "\"host_id\": \"\($0)\", " } ?? ""
            return "{\"context\": {\(host)\"machine_id\": \"\(machine)\", \"num_cpus\": 2}, \"benchmarks\": ["
                + rows.joined(separator: ",\n") + "]}\n"
        }

        private struct Document: Decodable {
            struct Workload: Decodable {
                struct Row: Decodable {
                    let `guard`: String
                    let faults_per_second: Double?
                    let ratio: Double?
                    let repetitions: Int
                    let group: Int?
                }

                let name: String
                let reference: String?
                let rows: [Row]
            }

            let workloads: [Workload]
            let verdict: String
        }

        private func document(_ words: String...) throws -> Document {
            let outcome = try command.run(["show"] + words + ["--format", "json"])
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
            return try JSONDecoder().decode(Document.self, from: Data(outcome.output.utf8))
        }

        @Test func jsonHasTheAnswer() throws {
            try command.write(Self.file(), to: "a.json")
            let workload = try #require(try document("a.json", "--reference", "mutex").workloads.first)
            #expect(workload.name == "storm/faulters:1/invalidators:1" && workload.reference == "mutex")
            #expect(workload.rows.map(\.guard) == ["striped", "mutex"])
            #expect(workload.rows.map(\.group) == [1, 2])
            #expect(abs(try #require(workload.rows[0].ratio) - 2) < 0.02)
        }

        @Test func severalFilesAreOneAnswer() throws {
            try command.write(Self.file(blocks: 3), to: "a.json")
            try command.write(Self.file(blocks: 4), to: "b.json")
            #expect(try document("a.json").workloads.first?.rows.first?.faults_per_second == nil)
            let row = try #require(try document("a.json", "b.json").workloads.first?.rows.first)
            #expect(row.repetitions == 7 && row.faults_per_second != nil)
        }

        @Test func everyFormatNamesEveryGuard() throws {
            try command.write(Self.file(), to: "a.json")
            for format in ["table", "markdown", "csv", "json"] {
                let outcome = try command.run(["show", "a.json", "--format", format], environment: ["TERM": "dumb"])
                #expect(outcome.status == 0)
                #expect(outcome.output.contains("striped") && outcome.output.contains("mutex"), "\(format)")
                #expect(!outcome.output.contains("\u{1B}"))
            }
            let wide = try command.run(["show", "a.json", "--wide"]).output
            #expect(wide.contains("CPU/fault"))
        }

        /// Of two of one kind and one of another; the first host has two files.
        @Test func severalHostsHaveAnAnswerEach() throws {
            try command.write(Self.file(host: "node1", blocks: 4), to: "a.json")
            try command.write(Self.file(host: "node1", blocks: 3), to: "b.json")
            try command.write(Self.file(machine: "b", host: "node2", factor: 2), to: "c.json")
            try command.write(Self.file(host: "node3"), to: "d.json")
            let files = ["a.json", "b.json", "c.json", "d.json"]
            func shown(_ format: String) throws -> String {
                let outcome = try command.run(["show", "--format", format] + files, environment: ["TERM": "dumb"])
                #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
                return outcome.output
            }
            let table = try shown("table").split(separator: "\n").map { $0.split(separator: " ") }
            #expect(table.contains(["host", "node1", "node2", "node3"]))
            #expect(table.contains(["striped", "1", "2.00M", "1", "4.00M", "1", "2.00M"]), "\(table)")
            #expect(try shown("markdown").contains("| guard | node1 | node2 | node3 |"))
            #expect(
                try shown("csv").split(separator: "\n").map { $0.prefix(6) } == ["host,w"]
                    + ["node1,", "node2,", "node3,"].flatMap { [$0, $0] })
            struct Hosts: Decodable {
                struct Host: Decodable {
                    let host: String
                    let machine_id: String
                    let answer: Document
                }
                let hosts: [Host]
            }
            let hosts = try JSONDecoder().decode(Hosts.self, from: Data(try shown("json").utf8)).hosts
            #expect(hosts.map(\.host) == ["node1", "node2", "node3"] && hosts.map(\.machine_id) == ["a", "b", "a"])
            #expect(hosts.map { $0.answer.workloads.first?.rows.first?.repetitions } == [7, 8, 8])
        }

        @Test func moreThanFiveHostsAreSetBelow() throws {
            let names = (1...6).map { "node\($0)" }
            for name in names { try command.write(Self.file(host: name), to: name) }
            let lines = try command.run(["show"] + names, environment: ["TERM": "dumb"]).output.split(separator: "\n")
            let heads = lines.map { $0.split(separator: " ").map(String.init) }.filter { $0.first == "host" }
            #expect(heads == [["host"] + names.dropLast(), ["host", "node6"]])
            #expect(lines.allSatisfy { $0.count <= 100 })
        }

        @Test func machinesWithoutHostIDsAreCalledByTheirs() throws {
            try command.write(Self.file(), to: "a.json")
            try command.write(Self.file(machine: "b"), to: "b.json")
            let outcome = try command.run(["show", "a.json", "b.json"], environment: ["TERM": "dumb"])
            #expect(
                outcome.output.split(separator: "\n").map { $0.split(separator: " ") }.contains(["host", "a", "b"]))
        }

        @Test func whatCannotBeShownEndsWithTwo() throws {
            try command.write(Self.file(), to: "a.json")
            try command.write(String(Self.file().prefix(300)), to: "cut.json")
            try command.write("{\"context\": {}, \"benchmarks\": []}", to: "empty.json")
            for (words, message) in [
                (["cut.json"], "cut.json: line"), (["empty.json"], "no repetition of an invbench cell"),
                (["missing.json"], "missing.json: cannot read"),
                ([], "file"),
            ] {
                let outcome = try command.run(["show"] + words)
                #expect(outcome.status == 2, "\(words)")
                #expect(outcome.errors.contains(message) && outcome.output.isEmpty, "\(outcome.errors)")
            }
        }
    }
}
