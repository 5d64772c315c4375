import CHwloc
import Glibc

/// The machine that this process runs on, and the calls that bind threads and memory to parts of it. From any thread.
public enum ThisMachine {
    private static let hwloc: HwlocTopology = {
        do throws(TopologyError) {
            return try HwlocTopology(.thisMachine)
        } catch {
            fatalError(error.description)
        }
    }()

    /// What it is, and what of it this process may use, as it was when this was first asked.
    public static let topology = Topology(hwloc)

    /// Binds the calling thread. Without effect for a place that is anywhere, and where the kernel refuses.
    static func bindThread(to place: Place) {
        if place.threads.isEmpty { return }
        withSet(of: place.threads) { _ = hwloc_set_cpubind(hwloc.handle, $0, Int32(HWLOC_CPUBIND_THREAD.rawValue)) }
    }

    /// Sets the policy for pages of `memory` that have not been touched yet. Returns an errno, or 0.
    static func bindMemory(_ memory: UnsafeMutableRawBufferPointer, to nodes: [Int]) -> Int32 {
        withSet(of: nodes) { set in
            let flags = HWLOC_MEMBIND_BYNODESET.rawValue | HWLOC_MEMBIND_STRICT.rawValue
            let status = hwloc_set_area_membind(
                hwloc.handle, memory.baseAddress, memory.count, set, policy(for: nodes), Int32(flags))
            return status == 0 ? 0 : errno
        }
    }

    /// The nodes that the touched pages of `memory` lie on; `nil` where the kernel does not say.
    static func nodes(of memory: UnsafeMutableRawBufferPointer) -> [Int]? {
        withSet(of: []) { set in
            let flags = Int32(HWLOC_MEMBIND_BYNODESET.rawValue)
            let status = hwloc_get_area_memlocation(hwloc.handle, memory.baseAddress, memory.count, set, flags)
            return status == 0 ? HwlocTopology.numbers(in: set) : nil
        }
    }

    /// Runs `body` with the calling thread's allocations on `nodes`, as far as they take fresh pages, and restores the
    /// policy that it had. Returns an errno too, or 0; `body` runs in any case.
    static func withMemory<Result, Failure: Error>(on nodes: [Int], _ body: () throws(Failure) -> Result)
        throws(Failure) -> (result: Result, error: Int32)
    {
        let flags = Int32(HWLOC_MEMBIND_BYNODESET.rawValue | HWLOC_MEMBIND_THREAD.rawValue)
        let (before, wanted) = (HwlocTopology.set(of: []), HwlocTopology.set(of: nodes))
        defer {
            hwloc_bitmap_free(before)
            hwloc_bitmap_free(wanted)
        }
        var policyBefore = HWLOC_MEMBIND_DEFAULT
        guard hwloc_get_membind(hwloc.handle, before, &policyBefore, flags) == 0,
            hwloc_set_membind(
                hwloc.handle, wanted, policy(for: nodes), flags | Int32(HWLOC_MEMBIND_STRICT.rawValue)) == 0
        else {
            let error = errno
            return (try body(), error)
        }
        // hwloc reads no policy as first touch, and would set another one for that, of the same effect.
        if policyBefore == HWLOC_MEMBIND_FIRSTTOUCH { policyBefore = HWLOC_MEMBIND_DEFAULT }
        defer { hwloc_set_membind(hwloc.handle, before, policyBefore, flags) }
        return (try body(), 0)
    }

    private static func policy(for nodes: [Int]) -> hwloc_membind_policy_t {
        nodes.count == 1 ? HWLOC_MEMBIND_BIND : HWLOC_MEMBIND_INTERLEAVE
    }

    private static func withSet<Result>(of numbers: [Int], _ body: (hwloc_bitmap_t) -> Result) -> Result {
        let set = HwlocTopology.set(of: numbers)
        defer { hwloc_bitmap_free(set) }
        return body(set)
    }
}
