import CGoogleBenchmark
import Glibc
import NotifierDispatch

/// The pairs as benchmarks of Google's library, with its own command line.
enum GoogleBenchmark {
    /// Measures what the arguments ask for. Returns `false` for arguments that the library does not know, and where there
    /// are none to be read: without /proc a filter would be lost, and all would be measured.
    static func run(_ pairs: [Pair]) -> Bool {
        if access("/proc/self/cmdline", R_OK) != 0 {
            perror("primitives: cannot read the arguments; mount /proc here: /proc/self/cmdline")
            return false
        }
        var argumentCount = CommandLine.argc
        guard cgb_loops_initialize(&argumentCount, CommandLine.unsafeArgv) != 0 else { return false }
        cgb_loops_add_context("build_type", buildType)
        let cores = Int32(clamping: sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let loops = pairs.flatMap { pair in Pair.Side.allCases.map { Loop(pair: pair, side: $0) } }
        for loop in loops {
            cgb_loops_register(
                loop.pair.name(of: loop.side), loop.pair.isShared ? cores : 1, runLoop,
                Unmanaged.passUnretained(loop).toOpaque())
        }
        withExtendedLifetime(loops) { cgb_loops_run() }
        return true
    }

    /// How these loops were built; the library only says how it was built itself.
    private static var buildType: String {
        #if DEBUG
            "debug"
        #else
            "release"
        #endif
    }
}

/// One side of a pair, as the library's context pointer.
private final class Loop: Sendable {
    let pair: Pair
    let side: Pair.Side

    init(pair: Pair, side: Pair.Side) {
        self.pair = pair
        self.side = side
    }
}

/// Runs on each thread of a run: registration stays out of the time.
private func runLoop(_ context: UnsafeMutableRawPointer?, _ handle: OpaquePointer?) {
    guard let context else { return }
    let loop = Unmanaged<Loop>.fromOpaque(context).takeUnretainedValue()
    loop.pair.flavour.withRegisteredThread {
        let count = Int(cgb_loop_begin(handle))
        let done = loop.pair.run(loop.side, count: count)
        cgb_loop_end(handle)
        precondition(done == count, "\(loop.pair.name(of: loop.side)): \(done) of \(count) went as they should")
    }
}
