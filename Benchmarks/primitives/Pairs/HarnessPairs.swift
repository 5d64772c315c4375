import CPrimitiveFloors
import InvalidationStorm
import NotifierDispatch

/// What the storm puts around the two memory accesses of a fault that nothing guards.
enum HarnessPairs {
    static func make() -> [Pair] {
        let faults = HarnessFaults()
        let floor = Floor(floor_bare_faults_create(), destroy: floor_bare_faults_destroy)
        return [
            Pair("harness/fault", swift: faults.fault, c: { floor_bare_faults_loop(floor.pointer, $0) })
        ]
    }
}

/// Faults as the storm does them, with the check of each install, on pages at random; without its phases and its clock.
final class HarnessFaults: @unchecked Sendable {
    // @unchecked: one thread at a time.
    private static var pages: Int { 65_536 }
    private let cache = GuardedCache(space: StormSpace(pages: HarnessFaults.pages), guard: UnprotectedGuard())
    private var random = RandomSequence(seed: 1, stream: 0)

    /// So many, one after the other. Returns how many installed a translation.
    func fault(count: Int) -> Int {
        // A copy, which stays in a register.
        var pages = random
        defer { random = pages }
        var missed = 0
        for _ in 0..<count where cache.fault(at: pages.below(Self.pages)).status != .installed { missed += 1 }
        return count - missed
    }
}
