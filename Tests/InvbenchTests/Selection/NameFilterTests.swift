import Testing

@testable import InvbenchCommand

@Suite struct NameFilterTests {
    private static let name = "storm/mutex/calm/faulters:2/invalidators:0"

    @Test(arguments: [
        ("mutex", true), ("^storm/mutex", true), ("^mutex", false), ("(calm|hot)/faulters:[12]", true),
        ("faulters:2/invalidators:0$", true), ("rwlock", false), ("", true), ("all", true), (".", true),
        ("-mutex", false), ("-rwlock", true), ("-", false), ("-all", false), ("mut{1}ex", true),
    ])
    func chooses(pattern: String, isChosen: Bool) throws {
        let filter = try NameFilter(pattern)
        #expect(filter.chooses(Self.name) == isChosen)
    }

    @Test(arguments: ["(", "-(", "a[", "a{2,1}"])
    func aBadExpressionIsRefused(pattern: String) {
        let error = #expect(throws: UsageError.self) { _ = try NameFilter(pattern) }
        #expect(error?.description.hasPrefix("--benchmark_filter: ") == true)
    }
}
