import CUserFault
import Glibc
import NotifierDispatch
import Synchronization
import Testing

@testable import InvalidationStorm

/// One region whose events are the source of sections, and a handler for it.
private final class ServedMemory: Sendable {
    let region: UserFaultRegion
    let space = StormSpace(pages: 64)
    private let cache: UserFaultCache<StripedGuard>
    private let subscription: CacheSubscription
    private let handler: RoleThread<UserFaultTally>

    init(features: Int32 = 0) throws {
        let work = UserFaultWork(name: "served", summary: "", source: .events, pages: space.pages, walkNanoseconds: 0)
        let region = try UserFaultRegion(pages: work.pages, features: work.features | UInt64(features))
        let space = space
        let cache = UserFaultCache(guard: StripedGuard(space: space.notifiers, pages: space.pages))
        (self.region, self.cache) = (region, cache)
        subscription = try RCU.withRegisteredThread {
            try space.notifiers.register(cache, over: space.pageTable.wholeRange)
        }
        let reader = UserFaultReader(region: region, space: space, source: .events)
        handler = RoleThread("test", on: .anywhere) {
            var handler = UserFaultHandler(reader: reader, cache: cache, work: work, control: nil)
            return handler.run()
        }
    }

    /// Ends the handler, and compares what is there with its source.
    func end() -> UInt64 {
        region.stopHandlers()
        _ = handler.join()
        region.checkAgainst(space.pageTable)
        RCU.withRegisteredThread { space.notifiers.unregister(subscription) }
        return region.staleCount
    }

    /// Whether the page is in its second version within ten seconds: a call may return before its event's section has ended.
    func hasEndedSection(over page: Int) -> Bool {
        for _ in 0..<100_000 where space.walk(page) == 1 { usleep(100) }
        return space.walk(page) == 2
    }

    func sources(_ pages: Range<Int>) -> [UInt64] { pages.map { space.walk($0) } }
    func versions(_ pages: Range<Int>) -> [UInt64] { pages.map { region.touch($0) } }
}

// A failed expectation shows what it names, and to reflect atomics, which cannot be copied, traps. So these show nothing.

extension ServedMemory: CustomReflectable {
    var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}

extension UserFaultRegion: CustomReflectable {
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}

@Suite(.serialized, .enabled(if: UserFaults.areToBeHad, UserFaults.reason)) struct UserFaultEventTests {
    @Test("A dropped page is served anew, in the next version; others stay")
    func remove() throws {
        let memory = try ServedMemory()
        #expect(memory.versions(0..<8) == Array(repeating: 1, count: 8))
        memory.region.drop(try #require(InvalidationRange(pages: 2..<4)))
        #expect(memory.versions(0..<8) == [1, 1, 2, 2, 1, 1, 1, 1])
        #expect(memory.end() == 0)
    }

    @Test("Another mapping in the place of pages makes them old; it is not served")
    func unmap() throws {
        let memory = try ServedMemory()
        _ = memory.versions(0..<8)
        let size = 2 * memory.region.pageSize
        let other = mmap(
            memory.region.address(of: 2), size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)
        #expect(other == memory.region.address(of: 2))
        #expect(memory.region.touch(2) == 0)
        #expect(memory.hasEndedSection(over: 3))
        #expect(memory.sources(0..<8) == [1, 1, 2, 2, 1, 1, 1, 1])
        madvise(other, size, MADV_DONTNEED)
        #expect(memory.end() == 0)
    }

    @Test("Memory that was moved away is old in its place, and nobody waits for ever where it is now")
    func remap() throws {
        let memory = try ServedMemory()
        _ = memory.versions(2..<3)
        let size = 2 * memory.region.pageSize
        let room = try #require(mmap(nil, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
        // The old place stays mapped, and served.
        let flags: Int32 = 1 | 2 | 4  // MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP
        #expect(Self.mremap(memory.region.address(of: 2), size, size, flags, room) == room)
        // Page 2 went with its contents; page 3 was missing.
        #expect(room.load(fromByteOffset: 8, as: UInt64.self) == 1)
        #expect(room.load(fromByteOffset: memory.region.pageSize + 8, as: UInt64.self) == 0)
        #expect(memory.versions(0..<6) == [1, 1, 2, 2, 1, 1])
        munmap(room, size)
        #expect(memory.end() == 0)
    }

    /// Swift does not import it, as it takes any number of arguments.
    private static let mremap = unsafeBitCast(
        dlsym(nil, "mremap"),
        to: (@convention(c) (UnsafeMutableRawPointer, Int, Int, Int32, UnsafeMutableRawPointer)
            -> UnsafeMutableRawPointer?).self)

    @Test(
        "A forked child is not served, and does not wait for ever",
        .enabled(if: geteuid() == 0, "fork events take CAP_SYS_PTRACE"),
        .enabled(if: dlsym(nil, "__tsan_init") == nil, "ThreadSanitizer does not bear a fork of several threads"))
    func fork() throws {
        let memory = try ServedMemory(features: UFFD_FEATURE_EVENT_FORK)
        _ = memory.versions(0..<2)
        let child = Glibc.fork()
        if child == 0 {
            // The threads of Swift's pool block the signal.
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGALRM)
            pthread_sigmask(SIG_UNBLOCK, &signals, nil)
            alarm(10)
            // The page that was there is the parent's; the one that was missing is empty.
            _exit(memory.region.touch(1) == 1 && memory.region.touch(5) == 0 ? 0 : 1)
        }
        var status: Int32 = -1
        #expect(waitpid(child, &status, 0) == child)
        #expect(status == 0)
        #expect(memory.versions(0..<8) == Array(repeating: 1, count: 8))
        #expect(memory.end() == 0)
    }

    @Test("No event is read while somebody shares the gate")
    func gate() throws {
        let region = try UserFaultRegion(pages: 4, features: UInt64(UFFD_FEATURE_EVENT_REMOVE))
        let reader = UserFaultReader(region: region, space: StormSpace(pages: 4), source: .events)
        let gate = try #require(reader.gate)
        let hasRead = Atomic<Bool>(false)
        gate.share()
        let caller = RoleThread("test", on: .anywhere) { region.drop(InvalidationRange(pages: 1..<2)!) }
        let other = RoleThread("test", on: .anywhere) {
            while case .nothing = reader.next() { _ = sched_yield() }
            hasRead.store(true, ordering: .releasing)
        }
        usleep(20_000)
        let hasReadTooSoon = hasRead.load(ordering: .acquiring)
        #expect(!hasReadTooSoon)
        gate.unlock()
        other.join()
        caller.join()
    }

    @Test("Who waits for a page goes on when the memory is not served any more")
    func unregistering() throws {
        let region = try UserFaultRegion(pages: 4)
        let toucher = RoleThread("test", on: .anywhere) { region.touch(2) }
        var message = cuserfault_message()
        while cuserfault_read(region.descriptor, &message) == 0 { usleep(100) }
        #expect(region.pages(from: message.start, length: 1)?.startPage == 2)
        #expect(cuserfault_unregister(region.descriptor, region.base, 4 * region.pageSize) == 0)
        #expect(toucher.join() == 0)
    }

    @Test("A thread that was woken without its page faults again")
    func waking() throws {
        let region = try UserFaultRegion(pages: 4)
        let toucher = RoleThread("test", on: .anywhere) { region.touch(2) }
        for _ in 0..<3 {
            var message = cuserfault_message()
            while cuserfault_read(region.descriptor, &message) == 0 { usleep(100) }
            #expect(message.event == UInt32(UFFD_EVENT_PAGEFAULT))
            #expect(cuserfault_wake(region.descriptor, region.address(of: 2), region.pageSize) == 0)
        }
        #expect(cuserfault_unregister(region.descriptor, region.base, 4 * region.pageSize) == 0)
        #expect(toucher.join() == 0)
    }

    @Test("The end of memory whose events a child has too does not wait for the child")
    func endBesideAChild() throws {
        final class Owner: @unchecked Sendable {
            // @unchecked: one thread at a time uses it.
            var region: UserFaultRegion?
        }
        let owner = Owner()
        owner.region = try UserFaultRegion(pages: 4, features: UInt64(UFFD_FEATURE_EVENT_UNMAP))
        let ofChild = dup(try #require(owner.region).descriptor)
        let isOver = Atomic<Bool>(false)
        let end = RoleThread("test", on: .anywhere) {
            owner.region = nil
            isOver.store(true, ordering: .releasing)
        }
        for _ in 0..<10_000 where !isOver.load(ordering: .acquiring) { usleep(1_000) }
        let isOverInTime = isOver.load(ordering: .acquiring)
        #expect(isOverInTime)
        // Closed last: whoever still waits for the reading of an event goes on.
        close(ofChild)
        end.join()
    }

    @Test("A refusal is one line that says what to do")
    func refusals() {
        for error in [ENOSYS, EPERM, EINVAL, EMFILE, ENFILE, ENOMEM] {
            let text = UserFaultError(step: .open, error: error).description
            #expect(text.contains("userfaultfd") && !text.contains("\n"))
            #expect(
                text.contains("run ") || text.contains("allow ") || text.contains("raise ") || text.contains("need"))
        }
    }
}
