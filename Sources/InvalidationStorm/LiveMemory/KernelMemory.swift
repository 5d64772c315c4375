import CLiveMemory
import Glibc
import Synchronization

/// The memory of one repetition on the kernel alone: an area for each faulter, cut into parts that faulters and
/// invalidators hand to each other.
///
/// Each part has one atomic word, its turn, on a line of its own:
///
///     turn        belongs to     its pages                                     next, by whom
///     2n          invalidators   hold the word 2n: they were touched n times   2n + 1, by the one invalidator of the part
///     2n + 1      its faulter    read as new, or are shared with a copy        2n + 2, by the faulter of the area
///
/// A touch is one atomic exchange of the page's first word: it is a write, so it takes one fault and not two, and what it
/// returns says whether the page was new.
///
///     faulter                                     invalidator
///     exchange each page's word for 2n + 2
///     store turn = 2n + 2 (release)     ---->     load turn (acquire): the words are 2n + 2
///                                                 madvise, munmap, ...: the pages are new
///     load turn (acquire)               <----     store turn = 2n + 3 (release)
///     exchange: 0, or the page is stale
///
/// The kernel is what is tested: a system call has returned before the release, so a touch behind the acquire that finds
/// an old word has found a page that was dropped and did not go.
///
/// The mapping lies low in the address space, where the kernel looks last for a place for other mappings: while a part is
/// unmapped, no other mapping of this process comes into its hole. If one does, the run ends and says so.
final class KernelMemory: @unchecked Sendable {
    // @unchecked: pointers that never change, to atomics and to memory that the turns hand over.

    /// 4 KiB on every machine that this runs on; a larger page would be touched more than once.
    static let pageSize = 4096
    private static let lineSize = 128
    /// Page tables are of 2 MiB; areas with their own mapping lie as far apart.
    private static let gap = 2 << 20
    /// The low place. Where something is there already, the kernel chooses another.
    private static let lowAddress = 0x1000_0000_0000
    /// Behind the word that is exchanged: what a copied page must have kept.
    static let witnessOffset = 2048

    let work: KernelWork
    let faulters: Int
    let invalidators: Int
    let parts: Int
    /// Words in memory that copies of the process share, for their tickets: one for each invalidator.
    let tickets: UnsafeMutablePointer<UInt32>
    /// Pages whose content was not what it had to be.
    let stale = Atomic<UInt64>(0)
    private let base: UnsafeMutableRawPointer
    private let areaStride: Int
    private let mappedBytes: Int
    /// Where parts are moved to and back from: one for each invalidator.
    private let spare: UnsafeMutableRawPointer
    private let turns: UnsafeMutableRawPointer

    /// Maps the memory and touches none of it, except what copies share.
    init(_ work: KernelWork, faulters: Int, invalidators: Int) {
        self.work = work
        self.faulters = faulters
        self.invalidators = invalidators
        parts = KernelWork.pagesPerFaulter / work.pagesPerPart
        let areaBytes = KernelWork.pagesPerFaulter * Self.pageSize
        areaStride = areaBytes + (work == .touch ? Self.gap : 0)
        mappedBytes = areaStride * faulters
        // Each memory at a place of its own, so that none comes to lie in a hole that another one's call has left.
        // Relaxed: a plain number.
        let place = Self.made.wrappingAdd(1, ordering: .relaxed).oldValue % 64 * Self.placeBytes
        base = Self.map(bytes: mappedBytes, at: Self.lowAddress + place, work)
        if work == .touch {
            for area in 0..<faulters { mprotect(base + area * areaStride + areaBytes, Self.gap, PROT_NONE) }
        }
        spare = Self.map(
            bytes: work.pagesPerPart * Self.pageSize * max(1, invalidators), at: Self.lowAddress / 2 + place, .touch)
        let shared = mmap(nil, Self.pageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
        guard let shared, shared != MAP_FAILED else { Self.fail("mmap") }
        precondition(invalidators * MemoryLayout<UInt32>.stride <= Self.pageSize, "too many invalidators")
        tickets = shared.bindMemory(to: UInt32.self, capacity: max(1, invalidators))
        turns = .allocate(byteCount: faulters * parts * Self.lineSize, alignment: Self.lineSize)
        for index in 0..<faulters * parts {
            (turns + index * Self.lineSize).initializeMemory(as: Atomic<UInt64>.self, to: Atomic(0))
        }
        if work.fate == .copied { writeWitnesses() }
    }

    deinit {
        munmap(base, mappedBytes)
        munmap(spare, work.pagesPerPart * Self.pageSize * max(1, invalidators))
        munmap(tickets, Self.pageSize)
        turns.deallocate()
    }

    /// How many memories were made.
    private static let made = Atomic<Int>(0)
    /// From one place to the next: more than 256 faulters have.
    private static let placeBytes = 64 << 30

    private static func map(bytes: Int, at address: Int, _ work: KernelWork) -> UnsafeMutableRawPointer {
        var file: Int32 = -1
        if work.isShared {
            file = clive_memory_file("invbench-live")
            if file < 0 || ftruncate(file, bytes) != 0 { fail("memfd_create") }
        }
        defer { if file >= 0 { close(file) } }
        let flags = work.isShared ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        let memory = mmap(UnsafeMutableRawPointer(bitPattern: address), bytes, PROT_READ | PROT_WRITE, flags, file, 0)
        guard let memory, memory != MAP_FAILED else { fail("mmap") }
        refuseHugePages(memory, bytes)
        return memory
    }

    /// EINVAL: a kernel without huge pages.
    private static func refuseHugePages(_ memory: UnsafeMutableRawPointer, _ bytes: Int) {
        if madvise(memory, bytes, MADV_NOHUGEPAGE) != 0, errno != EINVAL { fail("madvise(MADV_NOHUGEPAGE)") }
    }

    /// What the kernel refuses in the middle of a repetition leaves nothing to measure.
    private static func fail(_ call: String) -> Never {
        fatalError("\(call) on the measured memory failed: \(String(cString: strerror(errno)))")
    }

    /// Gives each page a word of its own that a copy must keep.
    private func writeWitnesses() {
        for area in 0..<faulters {
            for part in 0..<parts {
                for page in 0..<work.pagesPerPart {
                    let address = start(area: area, part: part) + page * Self.pageSize
                    (address + Self.witnessOffset).storeBytes(of: Self.witness(of: address), as: UInt64.self)
                }
            }
        }
    }

    /// The word that stays with a page.
    @inline(__always)
    static func witness(of page: UnsafeMutableRawPointer) -> UInt64 { UInt64(UInt(bitPattern: page)) | 1 }

    // MARK: Parts

    func start(area: Int, part: Int) -> UnsafeMutableRawPointer {
        base + area * areaStride + part * work.pagesPerPart * Self.pageSize
    }

    func turn(area: Int, part: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (turns + (area * parts + part) * Self.lineSize).assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// The first word of a page.
    @inline(__always)
    static func word(of page: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Atomic<UInt64>> {
        page.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    private var partBytes: Int { work.pagesPerPart * Self.pageSize }

    /// The call that is measured, on a part that belongs to the caller. Not for forks.
    func change(_ part: UnsafeMutableRawPointer, by invalidator: Int) {
        switch work {
        case .touch, .touchDontneed: drop(part)
        case .touchFree: advise(part, MADV_FREE, "madvise(MADV_FREE)")
        case .touchRemove: advise(part, MADV_REMOVE, "madvise(MADV_REMOVE)")
        case .touchMunmap:
            if munmap(part, partBytes) != 0 { Self.fail("munmap") }
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE
            if mmap(part, partBytes, PROT_READ | PROT_WRITE, flags, -1, 0) != part { Self.fail("mmap") }
        case .touchMprotect:
            if mprotect(part, partBytes, PROT_READ) != 0 { Self.fail("mprotect") }
            if mprotect(part, partBytes, PROT_READ | PROT_WRITE) != 0 { Self.fail("mprotect") }
        case .touchMremap:
            let away = spare + invalidator * partBytes
            for (from, to) in [(part, away), (away, part)] {
                errno = clive_move(from, to, partBytes)
                if errno != 0 { Self.fail("mremap") }
            }
        case .cowFork: preconditionFailure("a fork is not of a part")
        }
    }

    /// What is left to do behind the call, so that the next touch of each page faults; not measured.
    func prepare(_ part: UnsafeMutableRawPointer, by invalidator: Int) {
        switch work {
        case .touchFree, .touchMprotect: drop(part)
        case .touchMunmap: Self.refuseHugePages(part, partBytes)
        case .touchMremap:
            drop(part)
            // So that nothing else comes to lie there.
            let away = spare + invalidator * partBytes
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE
            if mmap(away, partBytes, PROT_NONE, flags, -1, 0) != away { Self.fail("mmap") }
        case .touch, .touchDontneed, .touchRemove, .cowFork: break
        }
    }

    /// Drops the pages of a part.
    func drop(_ part: UnsafeMutableRawPointer) { advise(part, MADV_DONTNEED, "madvise(MADV_DONTNEED)") }

    private func advise(_ part: UnsafeMutableRawPointer, _ advice: Int32, _ name: String) {
        if madvise(part, partBytes, advice) != 0 { Self.fail(name) }
    }

    /// Looks over the pages of a part, touched at `turn`, that the call must have kept, or may have.
    func check(_ part: UnsafeMutableRawPointer, turn: UInt64) {
        guard work.fate == .kept || work.fate == .keptOrDropped else { return }
        var wrong: UInt64 = 0
        for page in 0..<work.pagesPerPart {
            let content = Self.word(of: part + page * Self.pageSize).pointee.load(ordering: .relaxed)
            let isRight = content == turn || content == 0 && work.fate == .keptOrDropped
            if !isRight { wrong += 1 }
        }
        if wrong != 0 { count(stale: wrong) }
    }

    /// Relaxed: it is read when all threads have been joined.
    func count(stale pages: UInt64) { stale.wrappingAdd(pages, ordering: .relaxed) }
}
