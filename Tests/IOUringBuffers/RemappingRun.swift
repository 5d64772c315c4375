import CIOUring
import Glibc
import NotifierDispatch
import RegistrationCache
import SeededNumbers
import Synchronization
import TestThreads

/// Threads that transfer to and from memory by a device's fixed buffers, beside one that unmaps it and maps it again at the same
/// addresses.
///
///     transfers                                       remapping
///     generation even?                                generation odd
///     get the region                                  start
///     transfer with its place in the table            unmap
///     put                                             end
///     look through the page tables                    map; write new words; generation even
///     generation the same? then the device must have
///     seen what the page tables show
///
/// So what counts as corruption is a transfer whose get began after the last mmap had returned, and that met other pages than
/// those.
final class RemappingRun: Sendable {
    struct Outcome {
        var transfers = 0
        /// Transfers that no change came between, whose result says something.
        var checked = 0
        var corrupted = 0
        var remapped = 0
        /// Gets that the device or the cache refused.
        var refused = 0
    }

    /// What tells the cache of unmappings.
    enum Source: String, CaseIterable {
        /// A section around each.
        case sections
        /// The kernel, by userfaultfd: after the fact. The thread that unmaps goes on as soon as the event is read, and may map
        /// other pages there before the section that the reader opens has started. Unsafe, so it must be caught, too.
        case userfault
        /// Nothing: the control, which must be caught.
        case nothing

        /// Whether no transfer may be corrupted.
        var isSafe: Bool { self == .sections }
    }

    private let source: Source
    private let space = AddressSpace()
    private let buffers: FixedBuffers
    private let cache: RegistrationCache
    private let memories: [RemappedMemory]
    /// Where the kernel tells of unmappings, if it does.
    private let events: UnmapEvents?
    private let isOver = Atomic<Bool>(false)
    /// Whether the thread that remaps is done.
    private let hasRemapped = Atomic<Bool>(false)
    private let total = Locked(Outcome())

    private static let threads = 2
    private static let pages: UInt = 4
    private static let places: UInt32 = 64

    init(source: Source) throws {
        self.source = source
        buffers = try FixedBuffers(places: Self.places)
        var configuration = RegistrationCache.Configuration()
        // Fewer than there are memories, so that some are evicted; dropped ones need places, too.
        configuration.maximumRegions = 12
        configuration.maximumUnsweptRegions = 8
        cache = try RegistrationCache(of: buffers, in: space, configuration: configuration)
        memories = (0..<16).map { _ in RemappedMemory(pages: Self.pages) }
        events = source == .userfault ? try UnmapEvents() : nil
        for memory in memories { events?.watch(memory) }
    }

    // Before the memories go.
    deinit { events?.end() }

    /// Opens a section for each unmapping that the kernel tells of.
    private func listen() {
        guard let events else { return }
        while true {
            guard let range = events.next(milliseconds: 10) else {
                if hasRemapped.load(ordering: .acquiring) { return }
                continue
            }
            // As one that has other work to do, or that has lost its processor here.
            usleep(20)
            space.invalidate(range, event: .unmap) {}
        }
    }

    /// Runs for so long, or until a corruption was seen if `stopsAtFirst`.
    func run(seconds: Double, stopsAtFirst: Bool) -> Outcome {
        let end = Deadline.after(nanoseconds: UInt64(seconds * 1e9))
        let threads = (0..<Self.threads).map { number in
            PlainThread { [self] in transfer(page: UInt(number), seed: UInt64(number) &+ 1) }
        }
        let remapper = PlainThread { [self] in remap() }
        let listener = PlainThread { [self] in listen() }
        while !end.hasPassed {
            usleep(2_000)
            if stopsAtFirst, total.withLock({ $0.corrupted > 0 }) { break }
        }
        isOver.store(true, ordering: .relaxed)
        for thread in threads + [remapper, listener] { thread.join() }
        return total.withLock { $0 }
    }

    private func remap() {
        var random = SplitMix(state: 7)
        while !isOver.load(ordering: .relaxed) {
            let memory = chooseMemory(&random)
            memory.beginChange()
            switch source {
            case .nothing, .userfault: memory.unmap()
            case .sections:
                let first = Int(memory.address / RemappedMemory.pageSize)
                guard let range = InvalidationRange(pages: first..<first + Int(memory.pages)) else { continue }
                space.invalidate(range, event: .unmap) { memory.unmap() }
            }
            memory.mapAgain { events?.watch(memory) }
            total.withLock { $0.remapped += 1 }
        }
        hasRemapped.store(true, ordering: .releasing)
    }

    /// The first one one time in three, the last one hardly ever.
    private func chooseMemory(_ random: inout SplitMix) -> RemappedMemory {
        memories[Int(random.next() & random.next() & UInt64(memories.count - 1))]
    }

    /// Each thread has a page of its own in each memory.
    private func transfer(page: UInt, seed: UInt64) {
        var random = SplitMix(state: seed)
        while !isOver.load(ordering: .relaxed) {
            let memory = chooseMemory(&random)
            let outcome = transferOnce(memory, page: page, random: &random)
            total.withLock {
                $0.transfers += outcome.transfers
                $0.checked += outcome.checked
                $0.corrupted += outcome.corrupted
                $0.refused += outcome.refused
            }
        }
    }

    private func transferOnce(_ memory: RemappedMemory, page: UInt, random: inout SplitMix) -> Outcome {
        var outcome = Outcome()
        // Acquiring: the get comes after the mmap.
        let generation = memory.generation.load(ordering: .acquiring)
        guard generation & 1 == 0 else { return outcome }
        let before = memory.word(ofPage: page)
        let address = memory.address + page * RemappedMemory.pageSize
        let draw = random.next()
        // The page alone or all of the memory, which merges.
        let wanted = draw & 2 == 0 ? (address, RemappedMemory.pageSize) : (memory.address, memory.size)
        let isStore = draw & 1 == 0
        let token = draw >> 1
        let seen: UInt64?
        do throws(GetError) {
            let region = try cache.get(wanted.0, length: wanted.1)
            if isStore {
                buffers.store(token, at: address, under: region.registration)
                seen = token
            } else {
                seen = buffers.bytes(at: address, under: region.registration)
            }
            cache.put(region)
        } catch {
            outcome.refused = 1
            // Places may be taken by what is dropped.
            cache.sweep()
            return outcome
        }
        outcome.transfers = 1
        let after = isStore ? memory.word(ofPage: page) : before
        // Sequentially consistent: what was looked at comes before it.
        guard memory.generation.load(ordering: .sequentiallyConsistent) == generation else { return outcome }
        outcome.checked = 1
        if seen != after { outcome.corrupted = 1 }
        return outcome
    }
}
