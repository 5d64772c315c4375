import Glibc

/// The negative control of the checks by contents: each is given memory on which a call has not done what it should, and
/// must find it, and memory on which it has, and must find nothing.
///
/// A kernel that leaves a page out cannot be had to order, so the calls are left out, or what they would have kept is
/// overwritten. The same code looks on as in a run.
enum KernelDetectorControl {
    /// One way in which a page can be wrong, named after who must find it.
    enum Fault: CaseIterable {
        /// A page that was to be dropped was not: the next touch finds it.
        case undropped
        /// A page that was to be kept changed: the invalidator finds it.
        case unkept
        /// A page marked as free holds neither what it held nor nothing: the invalidator finds it.
        case unfreed
        /// A page was copied wrongly: the next touch finds it.
        case miscopied
        /// A copy of the process sees a write that came after it was made: the copy finds it.
        case shared
    }

    /// Whether every check found what was put before it, and nothing else. Takes some milliseconds; to be asked before any
    /// measurement.
    static func run() -> Bool {
        Fault.allCases.allSatisfy { isCaught($0) && !findsSomething($0, isPlanted: false) }
    }

    /// Whether the fault is found.
    static func isCaught(_ fault: Fault) -> Bool { findsSomething(fault, isPlanted: true) }

    private static func findsSomething(_ fault: Fault, isPlanted: Bool) -> Bool {
        switch fault {
        case .undropped:
            return findsInTouch(.touchDontneed) { memory, part in if !isPlanted { memory.drop(part) } }
        case .miscopied:
            return findsInTouch(.cowFork) { _, part in
                if isPlanted { (part + KernelMemory.witnessOffset).storeBytes(of: 0, as: UInt64.self) }
            }
        case .unkept: return findsInCheck(.touchMprotect, isPlanted)
        case .unfreed: return findsInCheck(.touchFree, isPlanted)
        case .shared: return findsInCopy(isShared: isPlanted)
        }
    }

    /// Touches a part, has `change` work on it, and touches it again: whether that finds a page that is not as it must be.
    private static func findsInTouch(
        _ work: KernelWork, _ change: (KernelMemory, UnsafeMutableRawPointer) -> Void
    ) -> Bool {
        let memory = KernelMemory(work, faulters: 1, invalidators: 1)
        let part = memory.start(area: 0, part: 1)
        let areCopied = work.fate == .copied
        func touch(turn: UInt64) -> Bool {
            let pages = PagesToTouch(
                first: part, count: work.pagesPerPart, stamp: turn + 1, expected: areCopied ? turn - 1 : 0,
                areCopied: areCopied)
            return (0..<pages.count).count { !pages.touch($0) } > 0
        }
        if touch(turn: 1) { return true }
        change(memory, part)
        return touch(turn: 3)
    }

    /// Has the invalidator's check look at a part, one page of which is overwritten if something is planted.
    private static func findsInCheck(_ work: KernelWork, _ isPlanted: Bool) -> Bool {
        let memory = KernelMemory(work, faulters: 1, invalidators: 1)
        let part = memory.start(area: 0, part: 1)
        for page in 0..<work.pagesPerPart {
            KernelMemory.word(of: part + page * KernelMemory.pageSize).pointee.store(2, ordering: .relaxed)
        }
        memory.change(part, by: 0)
        if isPlanted {
            KernelMemory.word(of: part + 3 * KernelMemory.pageSize).pointee.store(7, ordering: .relaxed)
        }
        memory.check(part, turn: 2)
        return memory.stale.load(ordering: .relaxed) > 0
    }

    /// Makes a copy of the process, writes, and ends it: whether it saw the write, as it does if the memory is shared.
    private static func findsInCopy(isShared: Bool) -> Bool {
        let memory = KernelMemory(.cowFork, faulters: 1, invalidators: 1)
        let bytes = KernelWork.cowFork.pagesPerPart * KernelMemory.pageSize
        let part = mmap(
            nil, bytes, PROT_READ | PROT_WRITE, (isShared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS, -1, 0)
        guard let part, part != MAP_FAILED else { return false }
        defer { munmap(part, bytes) }
        func write(_ content: UInt64) {
            for page in 0..<KernelWork.cowFork.pagesPerPart {
                KernelMemory.word(of: part + page * KernelMemory.pageSize).pointee.store(content, ordering: .relaxed)
            }
        }
        write(2)
        var copies = ForkedCopies(memory, invalidator: 0)
        copies.begin()
        copies.include(part, turn: 2)
        copies.fork()
        write(4)
        copies.end()
        return memory.stale.load(ordering: .relaxed) > 0
    }
}
