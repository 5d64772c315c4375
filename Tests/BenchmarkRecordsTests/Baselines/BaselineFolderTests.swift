import Foundation
import Testing

@testable import BenchmarkRecords

@Suite final class BaselineFolderTests {
    private let root = FileManager.default.temporaryDirectory.appendingPathComponent("folder-\(UUID().uuidString)")
    private let folder: BaselineFolder

    init() throws {
        folder = BaselineFolder(results: root.path, machine: try #require(FileNamePart("m-1")))
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    private func name(_ text: String) throws -> FileNamePart { try #require(FileNamePart(text)) }

    private func baseline() throws -> Baseline {
        let file = """
            {"context": {}, "benchmarks": [
            {"name": "x", "iterations": 1, "real_time": 1, "cpu_time": 1, "time_unit": "ns"}]}
            """
        let path = root.path + "/x.json"
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        try Data(file.utf8).write(to: URL(fileURLWithPath: path))
        return try Baseline(of: [path], saved: Date())
    }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path + "/" + name))
    }

    @Test func whatIsKeptIsThereUntilItIsRemoved() throws {
        let main = try name("main")
        #expect(try folder.names().isEmpty && !folder.contains(main))
        try folder.save(baseline(), as: main)
        #expect(folder.path(of: main) == root.path + "/m-1/main.baseline")
        #expect(folder.contains(main))
        #expect(try folder.names() == ["main"])
        #expect(try Baseline(reading: folder.path(of: main)).runs.count == 1)
        try folder.remove(main)
        #expect(try folder.names().isEmpty)
        #expect(throws: AtomicFileError.self) { try folder.remove(main) }
    }

    @Test func aDamagedOneStandsBesideTheOthers() throws {
        try folder.save(baseline(), as: name("a"))
        try folder.save(baseline(), as: name("c"))
        try write("{\"invbench_baseline\": 1", to: "b.baseline")
        try write("{\"invbench_baseline\": 9}", to: "newer.baseline")
        try write(baseline().json, to: "no name.baseline")
        try write("{}", to: "run.json")
        try write("{}", to: ".hidden.baseline")
        try FileManager.default.createDirectory(
            atPath: folder.path + "/z.baseline", withIntermediateDirectories: false)
        let entries = try folder.entries()
        #expect(entries.map(\.name) == ["a", "b", "c", "newer", "no name", "z"])
        let reasons = entries.map { entry in
            if case .failure(let error) = entry.baseline { error.description } else { "" }
        }
        #expect(reasons[0].isEmpty && reasons[2].isEmpty)
        #expect(reasons[1].hasPrefix("\(folder.path)/b.baseline: line 1, column 24: "))
        #expect(reasons[3].contains("newer invbench"))
        #expect(reasons[4].contains("not a name"))
        #expect(reasons[5].contains("z.baseline: cannot read"))
    }

    @Test func aFolderThatIsAFileIsNamed() throws {
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        try Data().write(to: root.appendingPathComponent("m-1"))
        #expect(throws: ResultsFileError.self) { try folder.names() }
        #expect(throws: AtomicFileError.self) { try folder.save(baseline(), as: name("main")) }
    }

    @Test func removingTakesNoFolder() throws {
        try FileManager.default.createDirectory(
            atPath: folder.path + "/z.baseline", withIntermediateDirectories: true)
        #expect(throws: AtomicFileError.self) { try folder.remove(name("z")) }
        #expect(folder.contains(try name("z")))
    }

    @Test func aBaselinesFileIsASide() throws {
        try folder.save(baseline(), as: name("main"))
        let side = try ComparisonSide(reading: folder.path(of: name("main")))
        #expect(side.rows.count == 1 && side.rows[0].runName == "x")
        #expect(throws: ResultsFileError.self) { try ComparisonSide(reading: folder.path) }
    }
}
