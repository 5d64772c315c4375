import BenchmarkRecords
import BuildRecord

extension BuildFacts {
    /// How this executable was compiled, and from what, as it was recorded when it was built.
    static var ofThisProgram: BuildFacts {
        BuildFacts(
            compiler: BuildRecord.compiler, buildType: isOptimised ? "release" : "debug", flags: BuildRecord.flags,
            commit: BuildRecord.commit, isDirty: BuildRecord.isDirty)
    }

    /// Whether its numbers are worth something.
    static var isOptimised: Bool {
        #if DEBUG
            false
        #else
            true
        #endif
    }
}
