import Glibc
import NotifierDispatch

/// The command `primitives`: Google Benchmark's micro-benchmarks of each engine piece, with a C floor beside each.
@main
enum Primitives {
    static func main() {
        // The lists are filled on this thread.
        let pairs = RCU.withRegisteredThread { PairCatalogue.make() }
        exit(GoogleBenchmark.run(pairs) ? 0 : 1)
    }
}
