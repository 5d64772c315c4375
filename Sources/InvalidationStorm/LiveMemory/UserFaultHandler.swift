import CUserFault
import Glibc
import NotifierDispatch

/// The cache that a guard keeps coherent here: the kernel's own page table. It drops nothing itself: the drop is part of
/// the change, by madvise(2), inside the section or behind the read of its event.
final class UserFaultCache<Guard: TranslationGuard>: TranslationCache {
    let `guard`: Guard

    init(guard translationGuard: Guard) { `guard` = translationGuard }

    func drop(_ range: InvalidationRange) {}
}

/// What one handler did inside the window.
struct UserFaultTally: Sendable {
    var retries: UInt64 = 0
    var fallbacks: UInt64 = 0
    var pages: UInt64 = 0
    var longestWaitNanoseconds: UInt64 = 0
    /// From the read of a fault until its page is served.
    var latencies = LatencyRecorder()
}

/// A thread that serves faults, each through the guard: the walk fetches the page from its source, the install is
/// UFFDIO_COPY.
///
/// A COPY that meets an unread event, or one whose cause has not gone on, answers EAGAIN: a collision. The handler puts the
/// fault aside, since faults are read before events: if it woke the thread, that would fault again, and with enough
/// such threads the event would never be read. A fault that was put aside is in no queue, so after as many reads as threads
/// touch the memory an event is read. Then the handler serves what it had put aside.
struct UserFaultHandler<Guard: TranslationGuard>: ~Copyable {
    private let reader: UserFaultReader
    private let cache: UserFaultCache<Guard>
    private let control: StormControl?
    private let clock = TickClock.calibrated
    private let walkDelay: Delay
    private let pagesPerFault: Int
    /// What the last walk fetched.
    private let fetched: UnsafeMutableRawPointer
    /// The faults that were put aside.
    private var deferred: [Fault] = []
    private var tally = UserFaultTally()

    private struct Fault {
        let page: Int
        let readTicks: UInt64
    }

    /// What became of a COPY.
    private enum Copied { case served, collided, nothing }

    private var region: UserFaultRegion { reader.region }

    /// A handler that counts while the window of `control` is open.
    init(reader: UserFaultReader, cache: UserFaultCache<Guard>, work: UserFaultWork, control: StormControl?) {
        self.reader = reader
        self.cache = cache
        self.control = control
        walkDelay = Delay(nanoseconds: work.walkNanoseconds, clock: .calibrated)
        pagesPerFault = work.pagesPerFault
        fetched = .allocate(byteCount: work.pagesPerFault * reader.region.pageSize, alignment: reader.region.pageSize)
    }

    deinit { fetched.deallocate() }

    /// Serves until the region is stopped.
    mutating func run() -> UserFaultTally {
        while true {
            switch reader.next() {
            case .fault(let page): serve(Fault(page: page, readTicks: clock.now()))
            case .event: break
            case .nothing:
                if serveDeferred() {
                    if region.waitForMessage() == .stopped { return tally }
                } else {
                    // The cause of an event that was read has not gone on yet, or another handler is about to read it.
                    sched_yield()
                }
            }
        }
    }

    /// Serves what was put aside; `false` if some of that had to be put aside again.
    private mutating func serveDeferred() -> Bool {
        let faults = deferred
        deferred = []
        for fault in faults { serve(fault) }
        return deferred.isEmpty
    }

    private mutating func serve(_ fault: Fault) {
        let (outcome, copied) = fill(fault.page)
        let end = clock.now()
        var isDone = false
        switch (outcome.status, copied) {
        case (.installed, .served): isDone = true
        case (.installed, .collided): deferred.append(fault)
        // The memory is gone, the deadline has passed, or the guard has let nobody install: the thread shall fault again.
        default: wake(fault.page)
        }
        guard control?.phase == .window else { return }
        tally.retries += UInt64(outcome.retries) + (copied == .collided ? 1 : 0)
        tally.fallbacks += outcome.usedFallback ? 1 : 0
        tally.longestWaitNanoseconds = max(tally.longestWaitNanoseconds, outcome.waitedNanoseconds)
        if isDone { tally.latencies.record(clock.nanoseconds(end &- fault.readTicks)) }
    }

    /// One fault through the guard.
    private mutating func fill(_ page: Int) -> (FaultOutcome, Copied) {
        let start = page & ~(pagesPerFault - 1)
        guard let range = InvalidationRange(pages: start..<min(start + pagesPerFault, region.pages)) else {
            preconditionFailure("a fault beyond the memory")
        }
        // A guard that is locked over the walk comes behind the gate, as it does where an event is read.
        let isSharedOverWalk = !(Guard.self is any WalksUnlocked.Type)
        var isShared = false
        var copied = Copied.nothing
        var pages = 0
        func share() {
            reader.gate?.share()
            isShared = true
        }
        func leave() {
            if isShared { reader.gate?.unlock() }
            isShared = false
        }
        if isSharedOverWalk { share() }
        let outcome = cache.guard.faultRange(
            containing: page, within: range,
            walk: { range -> Void? in
                if !isSharedOverWalk { leave() }
                fetch(range)
                if !isSharedOverWalk { share() }
            }, install: { range, _ in copied = copy(range, for: page, &pages) })
        leave()
        if control?.phase == .window { tally.pages += UInt64(pages) }
        return (outcome.fault, copied)
    }

    /// Fetches pages from their source.
    private func fetch(_ range: InvalidationRange) {
        for (index, page) in range.pages.enumerated() {
            UserFaultRegion.write(
                page, version: reader.space.walk(page), to: fetched + index * region.pageSize,
                pageSize: region.pageSize)
        }
        walkDelay.spend()
    }

    /// Installs what was fetched wherever pages are missing, and wakes who waits for those; adds how many those are to
    /// `pages`. Says what became of `page`.
    private func copy(_ range: InvalidationRange, for page: Int, _ pages: inout Int) -> Copied {
        let offset = (page - range.startPage) * region.pageSize
        let length = range.count * region.pageSize
        var copied = Copied.nothing
        var position = 0
        while position < length {
            let count = cuserfault_copy(
                region.descriptor, region.address(of: range.startPage) + position, fetched + position, length - position
            )
            if count > 0 {
                pages += Int(count) / region.pageSize
                if position <= offset, offset < position + Int(count) { copied = .served }
                position += Int(count)
                continue
            }
            switch Int32(-count) {
            case EEXIST:
                // Somebody was first. A thread that came to wait behind that one's COPY is woken.
                if position == offset {
                    wake(page)
                    copied = .served
                }
                position += region.pageSize
            case EAGAIN: return copied == .served ? .served : .collided
            // The memory is gone, or the process is.
            case ENOENT, ESRCH: return copied
            default: fatalError("UFFDIO_COPY failed with error \(-count)")
            }
        }
        return copied
    }

    private func wake(_ page: Int) { cuserfault_wake(region.descriptor, region.address(of: page), region.pageSize) }
}
