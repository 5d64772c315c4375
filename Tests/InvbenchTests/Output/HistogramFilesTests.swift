import Foundation
import Testing

@testable import InvalidationStorm
@testable import InvbenchCommand

@Suite final class HistogramFilesTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hgrm-\(UUID().uuidString)").path

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func latencies(_ values: [UInt64]) -> RoleLatencies {
        var recorder = LatencyRecorder()
        values.forEach { recorder.record($0) }
        return RoleLatencies(
            faults: recorder, invalidations: LatencyRecorder(), registrations: nil, unregistrations: recorder)
    }

    private func text(_ file: String) throws -> String {
        try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
    }

    @Test func eachRoleThatDidSomethingHasAFileOverAllRepetitions() throws {
        let files = HistogramFiles(in: folder + "/below")
        files.add(latencies([5]), ofCell: "storm/a")
        #expect(try text("below/storm_a.fault.hgrm").contains("Total count    =            1]"))
        files.add(latencies([5, 6]), ofCell: "storm/a")
        files.add(latencies([5, 6]), ofCell: "storm/b")
        #expect(try text("below/storm_a.fault.hgrm").contains("Total count    =            3]"))
        #expect(!files.haveFailed)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/below")
        #expect(
            Set(names) == [
                "storm_a.fault.hgrm", "storm_a.unregistration.hgrm", "storm_b.fault.hgrm",
                "storm_b.unregistration.hgrm",
            ])
    }

    @Test func twoCellsNeverShareAFile() {
        let names = [
            "storm/a/b", "storm/a_b", "storm/a%5Fb", "storm/a:b", "storm/a=b", "storm/a%3Db", "storm/a b", "storm/a\"b",
            "storm/a\u{1}b", "storm/a\u{11}b", "storm/aé", "storm/ae\u{301}", "storm/../b", "storm/A", "storm/a",
        ]
        let stems = names.map(HistogramFiles.stem(ofCell:))
        #expect(Set(stems).count == names.count)
        #expect(stems.allSatisfy { $0.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") } })
        #expect(stems[0] == "storm_a_b" && stems[1] == "storm_a%5Fb" && stems[8] == "storm_a%01b")
        #expect(HistogramFiles.stem(ofCell: "storm/m/trace:x/faulters:1") == "storm_m_trace=x_faulters=1")
    }

    @Test func aFileThatCannotBeWrittenStaysAsItWas() throws {
        let files = HistogramFiles(in: folder)
        files.add(latencies([5]), ofCell: "cell")
        // A folder in the place of the new text.
        let part = folder + "/cell.fault.hgrm.part"
        try FileManager.default.createDirectory(atPath: part, withIntermediateDirectories: false)
        files.add(latencies([6]), ofCell: "cell")
        #expect(files.haveFailed)
        #expect(try text("cell.fault.hgrm").contains("Total count    =            1]"))
        // Nothing is lost once there is room again.
        try FileManager.default.removeItem(atPath: part)
        files.add(latencies([7]), ofCell: "cell")
        #expect(!files.haveFailed)
        #expect(try text("cell.fault.hgrm").contains("Total count    =            3]"))
    }

    @Test func nothingIsLeftBesideAFileThatCannotBeReplaced() throws {
        try FileManager.default.createDirectory(
            atPath: folder + "/cell.fault.hgrm/below", withIntermediateDirectories: true)
        let files = HistogramFiles(in: folder)
        files.add(latencies([5]), ofCell: "cell")
        #expect(files.haveFailed)
        #expect(!FileManager.default.fileExists(atPath: folder + "/cell.fault.hgrm.part"))
    }
}
