import CUserFault
import Glibc
import NotifierDispatch

/// Takes the messages of a region's descriptor: hands faults out, and makes a section of each event, where the events are
/// the source of sections.
///
/// The kernel keeps COPY from installing anything (EAGAIN) from before it queues an event until the thread that caused it
/// goes on, which the reading of the event lets it do. So the read is where the guard must take over. If a section merely
/// starts after the read, a walk from before it comes through in between, and no later teardown finds what it installed:
///
///     caller of madvise        reader                   handler
///                                                       walk: the page, version 1
///     queue REMOVE, sleep                               (COPY here: EAGAIN)
///                              read
///     wake, drop, return
///                                                       check: no section; COPY of version 1
///                              start; version 2; end
///     touch: version 1         Outcome: stale after madvise has returned. Not seen if one thread reads and serves.
///
/// The gate makes read and start one step for those who install, who share it from the end of the walk on:
///
///     caller of madvise        reader                   handler
///                                                       walk: version 1; share the gate; check; COPY; leave the gate
///     queue REMOVE, sleep      take the gate alone
///                              read; start
///                              leave the gate           walk: version 1; share the gate; check: collided; walk again
///     wake, drop, return       version 2
///                              end                      walk: version 2; check; COPY
///     Outcome: what was installed before the read is dropped; what is installed after the end is of version 2.
///
/// The section need not last until the pages are dropped: what is installed behind its end may be dropped too, and is then
/// missing again. UNMAP and REMAP come after the change, and the kernel keeps COPY out from before it: the same holds.
struct UserFaultReader: Sendable {
    /// Keeps installs from coming between the read of an event and the start of its section; `nil` if callers open the
    /// sections, and no events come.
    let gate: UserFaultGate?
    let region: UserFaultRegion
    let space: StormSpace

    /// A reader of all messages of `region`, whose pages are those of `space`.
    init(region: UserFaultRegion, space: StormSpace, source: UserFaultWork.Source) {
        self.region = region
        self.space = space
        gate = source == .events ? UserFaultGate() : nil
    }

    /// What was read.
    enum Message {
        /// A thread waits for this page.
        case fault(page: Int)
        /// An event, which is done with.
        case event
        /// Nothing is there to be read.
        case nothing
    }

    /// Takes one message, if there is one. Not while the calling thread shares the gate.
    func next() -> Message {
        var message = cuserfault_message()
        gate?.lock()
        guard read(&message) else {
            gate?.unlock()
            return .nothing
        }
        guard message.event != UFFD_EVENT_PAGEFAULT else {
            gate?.unlock()
            // Faults come before events, also before the one that tells that the memory was moved: see below.
            return region.pages(from: message.start, length: 1).map { .fault(page: $0.startPage) } ?? .event
        }
        let invalidation = invalidation(of: message)
        let section = invalidation.flatMap { space.notifiers.invalidateRangeStart($0) }
        gate?.unlock()
        if let section, let invalidation {
            if invalidation.event != .protectionPage { space.change(invalidation.range) }
            space.notifiers.invalidateRangeEnd(section)
        }
        letGo(of: message)
        return .event
    }

    private func read(_ message: inout cuserfault_message) -> Bool {
        let count = cuserfault_read(region.descriptor, &message)
        precondition(count >= 0, "reading from userfaultfd failed with error \(-count)")
        return count == 1
    }

    /// What an event makes of the pages; `nil` if it leaves them alone.
    private func invalidation(of message: cuserfault_message) -> Invalidation? {
        let range = region.pages(from: message.start, length: message.length)
        return switch Int32(message.event) {
        case UFFD_EVENT_REMOVE: range.map { Invalidation(range: $0, event: .clear) }
        case UFFD_EVENT_UNMAP, UFFD_EVENT_REMAP: range.map { Invalidation(range: $0, event: .unmap) }
        // The pages are write-protected, and stay what they are.
        case UFFD_EVENT_FORK: Invalidation(range: space.pageTable.wholeRange, event: .protectionPage)
        default: nil
        }
    }

    /// Lets go of what an event has put under a descriptor besides the region: nobody would serve it, and who touches it
    /// would wait for ever. Those who wait are woken; the pages that are missing are then as any other's.
    private func letGo(of message: cuserfault_message) {
        switch Int32(message.event) {
        case UFFD_EVENT_REMAP:
            guard let moved = UnsafeMutableRawPointer(bitPattern: UInt(message.to)) else { return }
            // It fails if the memory is gone from there, too.
            _ = cuserfault_unregister(region.descriptor, moved, Int(message.length))
        case UFFD_EVENT_FORK: close(message.fork)
        default: break
        }
    }
}

/// A lock that installs share and a reader of messages has alone; a reader that waits keeps new installs out, since there
/// is always somebody who installs.
final class UserFaultGate: @unchecked Sendable {
    // @unchecked: the pointee is a lock, made for being shared.
    private let raw = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)

    init() {
        var attributes = pthread_rwlockattr_t()
        pthread_rwlockattr_init(&attributes)
        pthread_rwlockattr_setkind_np(&attributes, Int32(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP))
        let status = pthread_rwlock_init(raw, &attributes)
        precondition(status == 0, "pthread_rwlock_init failed with error \(status)")
        pthread_rwlockattr_destroy(&attributes)
    }

    deinit {
        pthread_rwlock_destroy(raw)
        raw.deallocate()
    }

    func lock() { pthread_rwlock_wrlock(raw) }
    /// Not twice by one thread: it would wait for a reader that waits for it.
    func share() { pthread_rwlock_rdlock(raw) }
    func unlock() { pthread_rwlock_unlock(raw) }
}
