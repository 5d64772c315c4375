import CGoogleBenchmark
import Glibc

/// The command `registration-cache`: Google Benchmark's measurements of ``RegistrationCache`` and UCX's `ucs_rcache` on the
/// same work, with the library's own command line. Scripts/compare-registration-caches runs it and compares.
@main
enum RegistrationCaches {
    static func main() {
        if access("/proc/self/cmdline", R_OK) != 0 {
            perror("registration-cache: cannot read the arguments; mount /proc here: /proc/self/cmdline")
            exit(1)
        }
        var argumentCount = CommandLine.argc
        guard cgb_loops_initialize(&argumentCount, CommandLine.unsafeArgv) != 0 else { exit(1) }
        let (loops, roundTrip) = (loops, RoundTrip())
        for loop in loops {
            cgb_loops_register(
                loop.name, loop.isShared ? 4 : 1, runLoop, Unmanaged.passUnretained(loop).toOpaque())
        }
        cgb_loops_register("cores/round-trip", 1, runRoundTrip, Unmanaged.passUnretained(roundTrip).toOpaque())
        withExtendedLifetime((loops, roundTrip)) { cgb_loops_run() }
        exit(0)
    }

    private static var loops: [Loop] {
        var works: [(name: String, work: Loop.Work, isShared: Bool)] = []
        for regions in [1, 10, 100_000] {
            for rate in [0, 1_000, 100_000] {
                works.append(
                    (
                        "hits/regions:\(regions)/invalidations:\(rate)",
                        .hits(regions: regions, invalidationsPerSecond: rate), true
                    ))
            }
        }
        works.append(("life", .life, false))
        // UCX 1.13 evicts nothing in this use: of 2,000 regions it keeps 2,000, with a limit of 1,000.
        let evictions = Loop("evictions/kept:1000/engine", .evictions(kept: 1_000)) { makeEngineCache(keeping: 1_000) }
        return works.flatMap { name, work, isShared in
            [
                Loop(name + "/engine", work, isShared: isShared) { makeEngineCache(keeping: .max) },
                Loop(name + "/ucx", work, isShared: isShared) { UCXCache() },
            ]
        } + [evictions]
    }

    private static func makeEngineCache(keeping regions: Int) -> EngineCache {
        guard let cache = try? EngineCache(keeping: regions) else { fatalError("the space is as new") }
        return cache
    }
}

private func runLoop(_ context: UnsafeMutableRawPointer?, _ handle: OpaquePointer?) {
    guard let context else { return }
    Unmanaged<Loop>.fromOpaque(context).takeUnretainedValue().run(handle)
}

private func runRoundTrip(_ context: UnsafeMutableRawPointer?, _ handle: OpaquePointer?) {
    guard let context else { return }
    Unmanaged<RoundTrip>.fromOpaque(context).takeUnretainedValue().run(handle)
}
