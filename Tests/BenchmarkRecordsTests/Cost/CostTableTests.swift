import Foundation
import Testing

@testable import BenchmarkRecords

@Suite struct CostTableTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "cost-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private func counts(instructions: UInt64, near: UInt64 = 0) throws -> CostTable.Counts {
        try #require(CostTable.Counts([instructions, 0, 0, 0, 0, near, 0]))
    }

    private func table(begin: UInt64 = 40, near: UInt64 = 8) throws -> CostTable {
        let faults = CostTable.Operation(
            count: 4,
            functions: [
                "begin (A.swift)": try counts(instructions: begin, near: near), "walk": try counts(instructions: 4),
            ])
        let invalidations = CostTable.Operation(count: 2, functions: ["start": try counts(instructions: 10, near: 1)])
        return CostTable(
            compiler: "Swift",
            cells: [
                CostTable.Cell(
                    guardName: "mutex", work: "calm", cores: 2, nodes: 1, faults: faults, invalidations: nil),
                CostTable.Cell(
                    guardName: "mutex", work: "storm", cores: 16, nodes: 2, faults: faults, invalidations: invalidations
                ),
            ], refusals: ["restartable": "no area"])
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try table().write(to: path("cost.json"))
        let read = try CostTable(reading: path("cost.json"))
        #expect(read == (try table()))
        #expect(read.guards == ["mutex", "restartable"])
        #expect(read.cells[0].faults.mean(\.instructions) == 11)
        #expect(read.cells[0].faults.transfers == 2)
    }

    @Test func aChangedFunctionIsNamed() throws {
        #expect(try table().differences(from: table()).isEmpty)
        let lines = try table(begin: 44).differences(from: table())
        #expect(
            lines == [
                "mutex, calm, 2 cores on one node: fault, in begin (A.swift): instructions 40 -> 44 (of 4 operations)",
                "mutex, storm, 16 cores on 2 nodes: fault, in begin (A.swift): instructions 40 -> 44 (of 4 operations)",
            ])
        #expect(try table(near: 9).differences(from: table())[0].contains("lines from cores of the node 8 -> 9"))
    }

    @Test func aFunctionThatComesOrGoesIsNamed() throws {
        var other = try table()
        other.cells[0].faults.functions["slow"] = try counts(instructions: 1)
        #expect(
            try other.differences(from: table()) == [
                "mutex, calm, 2 cores on one node: fault, in slow: instructions 0 -> 1 (of 4 operations)"
            ])
        #expect(try table().differences(from: other).first?.contains("in slow: instructions 1 -> 0") == true)
    }

    @Test func aCellThatOnlyOneHasIsNamed() throws {
        var less = try table()
        let cell = less.cells.removeFirst()
        less.refusals["mutex"] = "not here"
        #expect(try less.differences(from: table()) == ["\(cell.title): not counted any more: not here"])
        #expect(try table().differences(from: less) == ["\(cell.title): not in the file"])
    }

    /// A file with one function of one cell.
    private static func file(cores: Int = 2, nodes: Int = 1, function: String) -> String {
        """
        {"invbench_cost": 1, "compiler": "", "names": ["a"], "refusals": {}, "cells": [{"guard": "g", "work": "calm", \
        "cores": \(cores), "nodes": \(nodes), "faults": {"count": 1, "functions": [\(function)]}}]}
        """
    }

    @Test(
        arguments: [
            ("", "line 1, column 1"), ("{}", "invbench_cost: the document's version"),
            (#"{"invbench_cost": 9}"#, "invbench_cost: written by a newer invbench"),
            (#"{"invbench_cost": 1}"#, "cells: "),
            // No such name, too many counts, and more than can be added up.
            (file(function: "[1, 5]"), "cells: "), (file(function: "[0, 1, 2, 3, 4, 5, 6, 7, 8]"), "cells: "),
            (file(function: "[0, 18446744073709551615]"), "cells: "), (file(function: "[]"), "cells: "),
            (file(cores: 1, function: "[0, 1]"), "cells: "), (file(cores: .min, function: "[0, 1]"), "cells: "),
            (file(nodes: 3, function: "[0, 1]"), "cells: "),
        ])
    func aBrokenFileIsSaidToBe(text: String, reason: String) throws {
        let error = #expect(throws: ResultsFileError.self) {
            _ = try CostTable(json: Data(text.utf8), path: "broken.json")
        }
        #expect(error?.description.hasPrefix("broken.json: " + reason) == true, "\(error?.description ?? "")")
    }

    @Test func aFileOfOneFunctionIsRead() throws {
        let table = try CostTable(json: Data(Self.file(function: "[0, 5]").utf8), path: "fine.json")
        #expect(table.cells.map { $0.faults.sum.instructions } == [5])
    }

    @Test func aTableHasTheCheapestGuardFirst() throws {
        var table = try table()
        var cheap = table.cells[0]
        cheap.guardName = "striped"
        cheap.faults.functions["begin (A.swift)"] = try counts(instructions: 400, near: 7)
        table.cells.append(cheap)
        let lines = CostText(table).description.split(separator: "\n").map(String.init)
        #expect(lines[0] == "calm, 2 cores on one node: a mean for each fault (f.) and each invalidation (i.)")
        #expect(lines[2].hasPrefix("   striped ") && lines[2].hasSuffix("101"))
        #expect(lines[3].hasPrefix("   mutex ") && lines[3].contains("2.00"))
        #expect(lines.last == "restartable: not counted: no area")
    }
}

@Suite struct CostOrderTests {
    @Test func ranksAreSharedByWhoIsAlike() {
        #expect(CostOrder.ranks([5, 1, 5, 0], by: <) == [3.5, 2, 3.5, 1])
    }

    @Test func theCorrelationIsSpearmans() {
        #expect(CostOrder.correlation([(1, 1), (2, 2), (3, 3)]) == 1)
        #expect(CostOrder.correlation([(1, 3), (2, 2), (3, 1)]) == -1)
        // 1 - 6 * (1 + 1 + 0 + 0) / (4 * 15)
        #expect(abs(CostOrder.correlation([(1, 2), (2, 1), (3, 3), (4, 4)]) - 0.8) < 1e-12)
        #expect(CostOrder.correlation([(1.5, 1), (1.5, 2)]) == 0)
    }

    @Test func aMeasuredWorkloadIsPutBesideItsCounts() throws {
        let names = ["a", "b", "c", "d", "e"]
        let cells = names.enumerated().map { number, name in
            CostTable.Cell(
                guardName: name, work: "storm", cores: 2, nodes: 1,
                faults: CostTable.Operation(
                    count: 1, functions: ["f": CostTable.Counts([UInt64(number), 0, 0, 0, 0, 0, 0])!]),
                invalidations: CostTable.Operation(count: 1))
        }
        let rows = names.enumerated().flatMap { number, name in
            repetitions(of: name, faultsPerSecond: rates(name == "a" ? 1e6 : 1e8 / Double(number), 8))
        }
        let orders = CostOrder.all(
            of: CostTable(compiler: "", cells: cells), beside: RunAnswer(rows: rows, options: AnswerOptions()))
        #expect(orders.count == 1)
        // By counts a, b, c, d, e; as measured b, c, d, e, a.
        #expect(orders.first?.correlation == 0)
        #expect(orders.first?.description.contains("rank correlation 0.00 over 5 guards") == true)
        #expect(orders.first?.description.contains("a: 1 by counts, 5 as measured") == true)
    }
}
