import CGoogleBenchmark
import Glibc
import NotifierDispatch
import Synchronization

/// One benchmark of one cache: a kind of work, on regions that all its threads share.
final class Loop: @unchecked Sendable {
    // @unchecked: `current` is only touched with `lock` held; the library runs one benchmark at a time.
    enum Work: Equatable {
        /// Hits on so many regions, beside so many invalidations a second of other pages.
        case hits(regions: Int, invalidationsPerSecond: Int)
        /// A region's whole life: registered, put, invalidated, deregistered.
        case life
        /// Misses of a cache that keeps half of the regions that it is asked for.
        case evictions(kept: Int)
    }

    let name: String
    let isShared: Bool
    private let work: Work
    private let makeCache: () -> any MeasuredCache
    private let lock = PthreadMutex()
    private var current: Run?

    init(_ name: String, _ work: Work, isShared: Bool = false, cache makeCache: @escaping () -> any MeasuredCache) {
        self.name = name
        self.work = work
        self.isShared = isShared
        self.makeCache = makeCache
    }

    /// What the threads of one run share: made by the first, and taken down by the last.
    private final class Run {
        let cache: any MeasuredCache
        let memory: ReservedMemory
        var threads = 0
        var storm: Storm?

        init(_ cache: any MeasuredCache, _ memory: ReservedMemory) {
            self.cache = cache
            self.memory = memory
        }
    }

    /// Runs on each thread of a run.
    func run(_ handle: OpaquePointer?) {
        let (run, number) = enter()
        let count = Int(cgb_loop_begin(handle))
        let right: Int
        switch work {
        case .hits(let regions, _):
            let seed = UInt64(number + 1) &* 0x9e37_79b9_7f4a_7c15
            right = run.cache.hit(from: run.memory.base, regions: regions, seed: seed, count: count)
        case .life: right = run.cache.live(at: run.memory.base, count: count)
        case .evictions(let kept):
            right = run.cache.walk(from: run.memory.base, regions: 2 * kept, start: 0, count: count)
        }
        cgb_loop_end(handle)
        precondition(right == count, "\(name): \(count - right) of \(count) gets gave the wrong region")
        leave(run, handle)
    }

    private func enter() -> (run: Run, number: Int) {
        lock.lock()
        defer { lock.unlock() }
        let run = current ?? makeRun()
        current = run
        run.threads += 1
        return (run, run.threads - 1)
    }

    private func makeRun() -> Run {
        let cache = makeCache()
        guard case .hits(let regions, let rate) = work else {
            let count = if case .evictions(let kept) = work { 2 * kept } else { 1 }
            return Run(cache, ReservedMemory(regions: count))
        }
        let run = Run(cache, ReservedMemory(regions: regions + Storm.pages))
        precondition(cache.walk(from: run.memory.base, regions: regions, start: 0, count: regions) == regions)
        if rate > 0 {
            run.storm = Storm(of: cache, over: run.memory.base + UInt(regions) * Layout.stride, perSecond: rate)
        }
        return run
    }

    private func leave(_ run: Run, _ handle: OpaquePointer?) {
        lock.lock()
        defer { lock.unlock() }
        run.threads -= 1
        guard run.threads == 0 else { return }
        current = nil
        guard let storm = run.storm else { return }
        cgb_loop_set_counter(handle, "invalidations_per_second", storm.stop())
    }
}

/// Addresses for regions, which nobody touches.
final class ReservedMemory: Sendable {
    let base: UInt
    private let size: Int

    init(regions: Int) {
        size = regions * Int(Layout.stride)
        let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let memory, memory != MAP_FAILED else { fatalError("no addresses for \(size) bytes") }
        base = UInt(bitPattern: memory)
    }

    deinit { munmap(UnsafeMutableRawPointer(bitPattern: base), size) }
}
