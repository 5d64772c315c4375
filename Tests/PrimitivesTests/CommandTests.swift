import Foundation
import NotifierDispatch
import Testing

@testable import primitives

/// The command, as its users start it.
@Suite(.serialized) struct CommandTests {
    /// Runs the executable, which stands beside the test bundle. Returns its exit code and what it printed.
    private func run(_ words: String...) throws -> (status: Int32, output: Data) {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: own).deletingLastPathComponent()
            .appendingPathComponent("primitives")
        process.arguments = words
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, data)
    }

    @Test func listsBothSidesOfEveryPair() throws {
        let (status, output) = try run("--benchmark_list_tests")
        #expect(status == 0)
        let listed = String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
        let pairs = RCU.withRegisteredThread { PairCatalogue.make() }
        let alone = pairs.flatMap { pair in
            Pair.Side.allCases.map { pair.name(of: $0) + "/real_time/threads:1" }
        }
        #expect(listed.filter { $0.hasSuffix("/threads:1") } == alone)
        let shared = Set(pairs.filter(\.isShared).flatMap { pair in Pair.Side.allCases.map { pair.name(of: $0) } })
        for name in listed where !name.hasSuffix("/threads:1") {
            #expect(shared.contains(name.components(separatedBy: "/real_time/")[0]))
        }
    }

    /// The library's JSON, as far as it matters here.
    private struct Report: Decodable {
        struct Row: Decodable {
            let name: String
            let iterations: Int
        }

        let benchmarks: [Row]
    }

    @Test func measuresEachOfThem() throws {
        let (status, output) = try run("--benchmark_min_time=0.000001", "--benchmark_format=json")
        #expect(status == 0)
        let report = try JSONDecoder().decode(Report.self, from: output)
        let listed = String(decoding: try run("--benchmark_list_tests").output, as: UTF8.self)
        #expect(report.benchmarks.map(\.name) == listed.split(separator: "\n").map(String.init))
        #expect(report.benchmarks.allSatisfy { $0.iterations >= 1 })
    }

    @Test func unknownArgumentsAreRefused() throws {
        #expect(try run("--bogus").status == 1)
        #expect(try run("--benchmark_filter=nothing-is-called-so").status == 0)
    }
}
