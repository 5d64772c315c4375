import Foundation
import SeededNumbers
import Testing

@testable import BenchmarkRecords

/// 10,000 damaged files, the same in every run: each gives a clear error, or nothing wrong is said of it.
@Suite struct ResultsFuzzTests {
    /// ThreadSanitizer has nothing to see in one thread and takes its time: there a tenth of the files will do.
    private static let filesOfABlock = dlsym(nil, "__tsan_init") == nil ? 200 : 20

    @Test(arguments: 0..<35)
    func damagedResultsFiles(block: Int) throws {
        let oracle = try DamageOracle(path: "damaged.json")
        let outcomes = try outcomes(block: block, count: Self.filesOfABlock) { random in
            let bytes = Self.damagedFile(&random)
            return oracle.outcome { () throws(ResultsFileError) in
                let file = try ResultsFile(json: Data(bytes), path: "damaged.json")
                return ComparisonSide(
                    path: "damaged.json", files: ["damaged.json"], contexts: [file.context],
                    rows: file.rows.filter { $0.runType == .iteration })
            }
        }
        #expect(outcomes.contains(.refused) && outcomes.contains(.compared))
    }

    @Test(arguments: 100..<112)
    func damagedBaselines(block: Int) throws {
        let oracle = try DamageOracle(path: "damaged.baseline")
        let outcomes = try outcomes(block: block, count: Self.filesOfABlock) { random in
            let bytes = Self.damagedFile(&random, within: Self.baseline(around:))
            return oracle.outcome { () throws(ResultsFileError) in
                ComparisonSide(try Baseline(json: Data(bytes), path: "damaged.baseline"), path: "damaged.baseline")
            }
        }
        #expect(outcomes.contains(.refused) && outcomes.contains(.compared))
    }

    /// The other file of the folder is whole, and has every other row.
    @Test(arguments: 200..<203)
    func foldersWithADamagedFile(block: Int) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try AtomicFile.write(SampleRun.half(odd: true).text, to: folder + "/whole.json")
        let path = folder + "/damaged.json"
        let oracle = try DamageOracle(path: path)
        let outcomes = try outcomes(block: block, count: Self.filesOfABlock) { random in
            let bytes = Self.damagedFile(&random, of: SampleRun.half(odd: false))
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            return oracle.outcome { () throws(ResultsFileError) in try ComparisonSide(reading: folder) }
        }
        #expect(outcomes.contains(.refused) && outcomes.contains(.compared))
    }

    @Test func everyCutIsRefused() throws {
        let results = Array(SampleRun.whole.text.utf8)
        let baseline = Array(Self.baseline(around: SampleRun.whole.text).utf8)
        // The last byte ends the line, not the document.
        let readCuts = (0..<results.count - 1).filter { count in
            (try? ResultsFile(json: Data(results.prefix(count)), path: "cut")) != nil
        }
        let readBaselineCuts = stride(from: 0, to: baseline.count - 1, by: 5).filter { count in
            (try? Baseline(json: Data(baseline.prefix(count)), path: "cut")) != nil
        }
        #expect(readCuts.isEmpty && readBaselineCuts.isEmpty)
    }

    @Test func theWholeFilesAreRead() throws {
        let oracle = try DamageOracle(path: "whole")
        let results = Data(SampleRun.whole.text.utf8)
        let baseline = Data(Self.baseline(around: SampleRun.whole.text).utf8)
        #expect(
            oracle.outcome { () throws(ResultsFileError) in
                let file = try ResultsFile(json: results, path: "whole")
                return ComparisonSide(path: "whole", files: ["whole"], contexts: [file.context], rows: file.rows)
            } == .harmless)
        let read = try Baseline(json: baseline, path: "whole")
        #expect(oracle.outcome { () throws(ResultsFileError) in ComparisonSide(read, path: "whole") } == .harmless)
        #expect(read.json.prefix(60) == Self.baseline(around: "").prefix(60))
    }

    private func outcomes(
        block: Int, count: Int, of outcome: (inout SplitMix) throws -> DamageOracle.Outcome
    ) throws -> [DamageOracle.Outcome] {
        try (0..<count).map { index in
            var random = SplitMix(state: UInt64(block) << 32 | UInt64(index))
            let found = try outcome(&random)
            if case .wrong(let what) = found { Issue.record("file \(index) of block \(block): \(what)") }
            return found
        }
    }

    /// One to three strikes, at parts or bytes; `envelope` goes around the parts.
    private static func damagedFile(
        _ random: inout SplitMix, of whole: SampleRun = .whole, within envelope: (String) -> String = { $0 }
    ) -> [UInt8] {
        var run = whole
        let strikes = 1 + random.below(3)
        let atParts = random.below(strikes + 1)
        for _ in 0..<atParts { random.pick(PartDamage.allCases).strike(&run, &random) }
        var bytes = Array(envelope(run.text).utf8)
        for _ in atParts..<strikes { random.pick(ByteDamage.allCases).strike(&bytes, &random) }
        return bytes
    }

    /// A baseline's file around a results file.
    private static func baseline(around results: String) -> String {
        """
        {"invbench_baseline": 1, "saved": "2026-11-27T02:00:00Z", "runs": [
        {"file": "whole.json", "results":
        \(results)
        }
        ]}

        """
    }
}
