import CUserFault
import Glibc
import NotifierDispatch
import Synchronization

/// Memory whose missing faults are served in user space, and what its pages must hold.
///
/// The page table of a ``StormSpace`` says of which version each page is, where it is fetched from. A page that was fetched
/// says in itself which page it is, and of which version. What is dropped raises the version: ``floors`` say which one
/// nobody may see any more. The kernel's page table is what the guard keeps coherent.
///
/// A thread that touches a missing page sleeps in the kernel until somebody installs it, wakes the thread, or closes the
/// descriptor. So whoever makes a region keeps handlers until the last such thread is joined.
final class UserFaultRegion: @unchecked Sendable {
    // @unchecked: the pages and the floors are read and written as atomics, behind pointers that never change.

    /// How many pages there are; page numbers lie below it.
    let pages: Int
    /// The bytes of a page.
    let pageSize = Int(getpagesize())
    /// userfaultfd's.
    let descriptor: Int32
    /// Can be read when handlers have nothing to wait for any more.
    private let stop: Int32
    /// The first page.
    let base: UnsafeMutableRawPointer
    /// For each page the lowest version that a touch which begins now may see.
    private let floors: UnsafeMutablePointer<Atomic<UInt64>>
    private let stale = Atomic<UInt64>(0)

    /// Memory of so many pages, all missing, of which userfaultfd also tells the events in `features`.
    init(pages: Int, features: UInt64 = 0) throws(UserFaultError) {
        let length = pages * Int(getpagesize())
        descriptor = cuserfault_open(features)
        guard descriptor >= 0 else { throw UserFaultError(step: .open, error: -descriptor) }
        let memory = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let memory, memory != MAP_FAILED else {
            let error = errno
            close(descriptor)
            throw UserFaultError(step: .map, error: error)
        }
        // A huge page would be installed, and dropped, as one.
        madvise(memory, length, MADV_NOHUGEPAGE)
        let error = cuserfault_register(descriptor, memory, length)
        guard error == 0 else {
            close(descriptor)
            munmap(memory, length)
            throw UserFaultError(step: .register, error: error)
        }
        stop = cuserfault_signal_open()
        precondition(stop >= 0, "eventfd failed with error \(-stop)")
        base = memory
        self.pages = pages
        floors = .allocate(capacity: pages)
        for page in 0..<pages { (floors + page).initialize(to: Atomic(1)) }
    }

    // Unregistering comes first: it wakes all, and nobody waits from then on. Closing alone would not do that as long as a
    // forked child has the descriptor too: with events, unmapping would wait until somebody reads that.
    deinit {
        _ = cuserfault_unregister(descriptor, base, pages * pageSize)
        close(descriptor)
        close(stop)
        munmap(base, pages * pageSize)
        floors.deinitialize(count: pages)
        floors.deallocate()
    }

    /// Lets handlers end that have nothing left to serve. To be called once no thread will touch the memory any more.
    func stopHandlers() {
        let error = cuserfault_signal(stop)
        precondition(error == 0, "writing to an eventfd failed with error \(error)")
    }

    /// What a handler has waited for.
    enum Awaited { case message, stopped }

    /// Waits until there may be a message, or until ``stopHandlers()`` was called and there is none.
    func waitForMessage() -> Awaited { cuserfault_wait(descriptor, stop) == 1 ? .stopped : .message }

    /// The page's first byte.
    func address(of page: Int) -> UnsafeMutableRawPointer { base + page * pageSize }

    /// The pages of a range of bytes, as far as they are this memory's; `nil` if none is.
    func pages(from start: UInt64, length: UInt64) -> InvalidationRange? {
        let first = UInt64(UInt(bitPattern: base))
        let end = min(start + length, first + UInt64(pages * pageSize))
        guard max(start, first) < end else { return nil }
        let size = UInt64(pageSize)
        return InvalidationRange(pages: Int((max(start, first) - first) / size)..<Int((end - first + size - 1) / size))
    }

    // MARK: Dropping

    /// Has the kernel drop the pages: they are missing from then on. If events are asked for, this returns after somebody
    /// has read the event.
    func drop(_ range: InvalidationRange) {
        let status = madvise(address(of: range.startPage), range.count * pageSize, MADV_DONTNEED)
        precondition(status == 0, "MADV_DONTNEED failed with error \(errno)")
    }

    /// From now on no touch may see a version of the page below `version`.
    func raiseFloor(of page: Int, to version: UInt64) {
        // Releasing: pairs with the acquiring load of whoever touches, whose touch then comes after the drop.
        floors[page].max(version, ordering: .releasing)
    }

    // MARK: What pages hold

    /// Writes a page down, as its source holds it in this version.
    static func write(_ page: Int, version: UInt64, to memory: UnsafeMutableRawPointer, pageSize: Int) {
        let words = memory.assumingMemoryBound(to: UInt64.self)
        for word in stride(from: 0, to: pageSize / 8, by: 2) {
            words[word] = UInt64(page)
            words[word + 1] = version
        }
    }

    /// The lowest version that a touch which begins after this may see.
    func floor(of page: Int) -> UInt64 { floors[page].load(ordering: .acquiring) }

    /// Touches the page: returns the version that it is of. Waits until the page is served if it is missing.
    func touch(_ page: Int) -> UInt64 { word(1, of: page) }

    /// Whether the page, which is touched for that, is a stale copy or none of this page. Counts it if so. `version` is
    /// what a touch that began at or after the load of `floor` has seen.
    @discardableResult
    func check(_ page: Int, version: UInt64, floor: UInt64) -> Bool {
        // The page may have been dropped since and served again: versions only rise.
        let last = pageSize / 8
        let isStale =
            version < floor || word(0, of: page) != UInt64(page) || word(last - 2, of: page) != UInt64(page)
            || word(last - 1, of: page) < version
        if isStale { countStale(1) }
        return isStale
    }

    // Relaxed: the floor was loaded with acquire, and the kernel orders what it installs before those it wakes.
    private func word(_ index: Int, of page: Int) -> UInt64 {
        (address(of: page) + index * 8).assumingMemoryBound(to: Atomic<UInt64>.self).pointee.load(ordering: .relaxed)
    }

    // MARK: Checks

    /// How many pages were seen that should not have been.
    var staleCount: UInt64 { stale.load(ordering: .relaxed) }

    // Relaxed: a plain count, read when all threads are joined.
    func countStale(_ pages: UInt64) { stale.wrappingAdd(pages, ordering: .relaxed) }

    /// Which pages of a range are there; nothing is touched.
    func resident(in range: InvalidationRange) -> [Bool] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        let error = cuserfault_resident(address(of: range.startPage), range.count * pageSize, &bytes)
        precondition(error == 0, "mincore failed with error \(error)")
        return bytes.map { $0 & 1 != 0 }
    }

    /// Counts as stale what is there although a section has dropped it that is still open.
    func checkNothingResident(in range: InvalidationRange) {
        countStale(UInt64(resident(in: range).count { $0 }))
    }

    /// Compares every page that is there with its source. Only while nothing is served, dropped or touched.
    func checkAgainst(_ source: PageTable) {
        for (page, isThere) in zip(source.wholeRange.pages, resident(in: source.wholeRange)) where isThere {
            check(page, version: touch(page), floor: source.walk(page))
        }
    }
}

/// Why there is no userfaultfd for this process.
struct UserFaultError: Error, Hashable {
    /// What the kernel refused.
    enum Step { case open, map, register }

    let step: Step
    /// The `errno`.
    let error: Int32

    /// One line: what is missing, and what to do.
    var description: String {
        switch (step, error) {
        case (.open, ENOSYS):
            "this kernel has no userfaultfd, or a sandbox hides it: run on Linux 5.11 or later built with CONFIG_USERFAULTFD"
        case (.open, EPERM):
            "userfaultfd is not permitted: a sandbox forbids it, or fork events are asked for without CAP_SYS_PTRACE; "
                + "allow the call userfaultfd in the sandbox, or run as root"
        case (.open, EINVAL):
            "this kernel's userfaultfd lacks what is asked for: user-mode faults need Linux 5.11, events 4.11"
        case (.open, EMFILE), (.open, ENFILE):
            "userfaultfd needs a file descriptor and there is none left: raise ulimit -n"
        default:
            "userfaultfd: \(step) failed with \(String(cString: strerror(error))) (errno \(error)); free memory, or run as root"
        }
    }
}
