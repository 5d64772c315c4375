import Testing

@testable import BenchmarkRecords

@Suite struct FileNamePartTests {
    @Test(arguments: ["main", "v1.2", "_", "0", "release-2026_01", "amd-epyc-1s2c2t-1n-0416", "a..b"])
    func isLegal(text: String) {
        #expect(FileNamePart(text)?.description == text)
    }

    @Test(arguments: [
        "", ".", "..", ".main", "-x", "a/b", "../a", "a b", "a\n", "a\0", "a:b", "m\u{fc}ller", "a\\b",
        String(repeating: "a", count: 101),
    ])
    func isRefused(text: String) {
        #expect(FileNamePart(text) == nil)
    }

    @Test func hundredLettersAreLegal() {
        #expect(FileNamePart(String(repeating: "a", count: 100)) != nil)
    }
}
