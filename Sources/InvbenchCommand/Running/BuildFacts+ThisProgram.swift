import BenchmarkRecords

extension BuildFacts {
    /// How this executable was compiled, as far as the compiler says it, and from what.
    static func ofThisProgram(_ source: SourceState?) -> BuildFacts {
        BuildFacts(
            compiler: compilerVersion, buildType: isOptimised ? "release" : "debug", commit: source?.commit,
            isDirty: source?.isDirty)
    }

    /// Whether its numbers are worth something.
    static var isOptimised: Bool {
        #if DEBUG
            false
        #else
            true
        #endif
    }

    /// As exact as a program can ask for it.
    private static var compilerVersion: String {
        #if compiler(>=6.4)
            "Swift 6.4 or later"
        #elseif compiler(>=6.3)
            "Swift 6.3"
        #elseif compiler(>=6.2)
            "Swift 6.2"
        #else
            "Swift 6.1"
        #endif
    }
}
