import CUCX
import Glibc
import NotifierDispatch
import RegistrationCache
import Synchronization

/// A registration cache under the same work as another one. Regions are of one page, two pages apart. The functions that
/// count return how many gets gave the region of the memory that was asked for.
protocol MeasuredCache: AnyObject, Sendable {
    /// Gets and puts regions in a random order.
    func hit(from base: UInt, regions: Int, seed: UInt64, count: Int) -> Int
    /// Gets and puts regions in the order of addresses, from one on: all of them misses if fewer are kept.
    func walk(from base: UInt, regions: Int, start: Int, count: Int) -> Int
    /// Gets a page that is not registered, puts it, and invalidates it.
    func live(at base: UInt, count: Int) -> Int
    /// Maps a page, gets and puts it, and unmaps it with an invalidation.
    func remap(_ address: UInt)
    /// How many registrations were taken back.
    var deregistrations: UInt64 { get }
}

enum Layout {
    static var pageSize: UInt { 4096 }
    static var stride: UInt { 2 * pageSize }
}

/// ``RegistrationCache``, with its default configuration but for the number of regions.
final class EngineCache: MeasuredCache {
    private let space = AddressSpace()
    private let device = CountingDevice()
    private let cache: RegistrationCache

    init(keeping regions: Int) throws {
        var configuration = RegistrationCache.Configuration()
        configuration.maximumRegions = regions
        cache = try RegistrationCache(of: device, in: space, configuration: configuration)
    }

    var deregistrations: UInt64 { device.deregistrations }

    @inline(__always)
    private func getAndPut(_ address: UInt) -> Int {
        guard let region = try? cache.get(address, length: Layout.pageSize) else { return 0 }
        let isRight = region.memory.address == address
        cache.put(region)
        return isRight ? 1 : 0
    }

    @inline(never)
    func hit(from base: UInt, regions: Int, seed: UInt64, count: Int) -> Int {
        var right = 0
        var position = seed
        for _ in 0..<count {
            right &+= getAndPut(base &+ UInt(cucx_next(&position, UInt64(regions))) &* Layout.stride)
        }
        return right
    }

    func walk(from base: UInt, regions: Int, start: Int, count: Int) -> Int {
        var right = 0
        for round in 0..<count {
            right &+= getAndPut(base &+ UInt((start &+ round) % regions) &* Layout.stride)
        }
        return right
    }

    func live(at base: UInt, count: Int) -> Int {
        var right = 0
        for _ in 0..<count {
            right &+= getAndPut(base)
            invalidate(base) {}
        }
        return right
    }

    func remap(_ address: UInt) {
        check(cucx_map_page(address), "mmap")
        precondition(getAndPut(address) == 1, "a page that was just mapped is not registered")
        invalidate(address) { check(cucx_unmap_page(address), "munmap") }
    }

    private func invalidate(_ address: UInt, _ change: () -> Void) {
        let page = Int(address / Layout.pageSize)
        guard let range = InvalidationRange(pages: page..<page + 1) else { fatalError("a page below 0") }
        space.invalidate(range, event: .unmap, change)
    }

    /// A device that does nothing, and counts.
    private final class CountingDevice: RegistrationDevice {
        private let registered = Atomic<UInt64>(0)
        private let deregistered = Atomic<UInt64>(0)

        var deregistrations: UInt64 { deregistered.load(ordering: .relaxed) }

        func register(_ memory: MemoryRange) throws(DeviceError) -> UInt64 {
            registered.wrappingAdd(1, ordering: .relaxed).newValue
        }

        func deregister(_ registration: UInt64, of memory: MemoryRange) {
            deregistered.wrappingAdd(1, ordering: .relaxed)
        }
    }
}

/// UCX's `ucs_rcache`, as its users set it up.
final class UCXCache: MeasuredCache, @unchecked Sendable {
    // @unchecked: UCX's cache may be used from any thread.
    private let cache: OpaquePointer

    init(keeping regions: Int) {
        guard let cache = cucx_create(regions == .max ? .max : UInt64(regions)) else { exit(1) }
        self.cache = cache
    }

    deinit { cucx_destroy(cache) }

    var deregistrations: UInt64 { cucx_deregistered(cache) }

    func hit(from base: UInt, regions: Int, seed: UInt64, count: Int) -> Int {
        Int(cucx_hits(cache, base, UInt64(regions), seed, UInt64(count)))
    }

    func walk(from base: UInt, regions: Int, start: Int, count: Int) -> Int {
        Int(cucx_walk(cache, base, UInt64(regions), UInt64(start), UInt64(count)))
    }

    func live(at base: UInt, count: Int) -> Int { Int(cucx_lives(cache, base, UInt64(count))) }

    func remap(_ address: UInt) { check(cucx_remap(cache, address), "a page mapped, registered and unmapped") }
}

func check(_ error: Int32, _ what: String) {
    precondition(error == 0, "\(what) failed with error \(error)")
}
