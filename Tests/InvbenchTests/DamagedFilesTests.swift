import Foundation
import Testing

extension EndToEndTests {
    /// The command over damaged files, as `ResultsFuzzTests` reads thousands of.
    @Suite struct DamagedFilesTests {
        private let command: InvbenchProcess

        init() throws { command = try InvbenchProcess() }

        private static let row =
            "{\"name\": \"x\", \"iterations\": 1, \"real_time\": 1, \"cpu_time\": 1, \"time_unit\": \"ns\"}"
        private static let whole = "{\"context\": {\"machine_id\": \"m\"},\n\"benchmarks\": [\n\(row),\n\(row)\n]}\n"

        private static func replacing(_ old: String, _ new: String) -> String { whole.replacing(old, with: new) }

        static let damaged =
            [0, 1, 12, 40, 60, 120, 200].map { String(whole.prefix($0)) }
            + ["NaN", "-Infinity", "1e999", "null", "\"1\"", "{}", String(repeating: "[", count: 5000)].map {
                replacing("\"real_time\": 1", "\"real_time\": \($0)")
            } + [
                "\u{FEFF}" + whole, whole + whole, replacing("ns", "n\0s"),
                replacing("\"iterations\": 1", "\"iterations\": -1"),
                replacing("\"cpu_time\"", "\"a\\nb\": 1, \"a\\nb\""), replacing("\"context\"", "\"contest\""),
            ]

        @Test(arguments: damaged.indices)
        func aDamagedFileEndsWithTwoAndOneLine(damage: Int) throws {
            try command.write(Self.whole, to: "whole.json")
            try FileManager.default.createDirectory(
                at: command.folder.appendingPathComponent("runs"), withIntermediateDirectories: true)
            try command.write(Self.whole, to: "runs/a.json")
            try command.write(Self.damaged[damage], to: "runs/b.json")
            let outcome = try command.run(["compare", "whole.json", "runs"])
            #expect(outcome.status == 2)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.hasPrefix("invbench: ") && outcome.errors.contains("/runs/b.json: "))
            #expect(outcome.errors.filter(\.isNewline) == "\n", "\(outcome.errors)")
        }

        @Test func theWholeFileIsCompared() throws {
            try command.write(Self.whole, to: "whole.json")
            #expect(try command.run(["compare", "whole.json", "whole.json", "--fail-on", "never"]).status == 0)
        }
    }
}
