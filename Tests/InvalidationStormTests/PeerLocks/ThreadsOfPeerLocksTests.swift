import CPeerLocks
import NotifierDispatch
import Synchronization
import Testing

@testable import InvalidationStorm

/// What some locks keep for each thread.
@Suite("Threads of other libraries' locks")
struct ThreadsOfPeerLocksTests {
    @Test(
        "Readers beyond the byte lock's bytes share it with the others, and keep a writer out until the last has left")
    func moreThreadsThanBytes() {
        let bytes = Int(peer_ck_bytelock_slots())
        let lock = LockBox(CKByteLock())
        var readers: [ParkedReader] = []
        // All at once inside, until two have no byte.
        repeat { readers.append(ParkedReader(lock)) } while readers.count { $0.index >= bytes } < 2
        let isAlone = Signal()
        let writer = RoleThread(number: 1) { lock.takeAlone { isAlone.raise() } }
        let withoutByte = readers.filter { $0.index >= bytes }
        #expect(isAlone.staysAway())
        withoutByte[0].leave()
        #expect(isAlone.staysAway())
        for reader in readers where reader.index < bytes { reader.leave() }
        #expect(isAlone.staysAway())
        withoutByte[1].leave()
        #expect(isAlone.comes())
        writer.join()
    }

    @Test("A thread that gets the index of one that has ended takes its place as a reader, and keeps writers out")
    func indicesAreReused() {
        let lock = LockBox(CKBigReaderLock())
        var indices: Set<Int> = []
        var isReused = false
        // Other tests' threads come and go, so which index one gets is not known.
        for _ in 0..<100 where !isReused {
            let reader = ParkedReader(lock)
            isReused = !indices.insert(reader.index).inserted
            #expect(RoleThread(number: 1) { lock.tryAlone {} == nil }.join())
            reader.leave()
            #expect(RoleThread(number: 1) { lock.tryAlone {} != nil }.join())
        }
        #expect(isReused)
    }

    @Test("Threads of three nodes exclude each other, and share")
    func cohortsOfSeveralNodes() {
        let box = LockBox(CKCohortLock(nodes: 3))
        #expect(LockedCounters(box, threads: 3).run(rounds: 400) { NUMANode.countThisThread(to: $0) } == 0)
        let readers = (0..<3).map { ParkedReader(box, node: $0) }
        let isAlone = Signal()
        let writer = RoleThread(number: 1) {
            NUMANode.countThisThread(to: 1)
            box.takeAlone { isAlone.raise() }
        }
        readers[1].leave()
        readers[0].leave()
        #expect(isAlone.staysAway())
        readers[2].leave()
        #expect(isAlone.comes())
        writer.join()
    }

    @Test("Each node has a cohort of its own")
    func eachNodeHasACohort() {
        let box = LockBox(CKCohortLock(nodes: 3))
        let cohorts = (0..<3).map { node in
            RoleThread(number: 0) {
                NUMANode.countThisThread(to: node)
                return UInt(bitPattern: box.lock.myCohort)
            }.join()
        }
        #expect(Set(cohorts).count == 3)
    }

    @Test("A thread asks for its node once, and gets one that there is")
    func nodeOfAThread() {
        let (first, kept, again) = RoleThread(number: 0) {
            let first = NUMANode.ofThisThread
            let kept = Int(peer_thread_node().pointee)
            NUMANode.countThisThread(to: first + 7)
            return (first, kept, NUMANode.ofThisThread)
        }.join()
        #expect((0..<NUMANode.count).contains(first))
        #expect(kept == first && again == first + 7)
    }

    @Test(
        "The nodes of a machine are counted to the last one",
        arguments: [("0\n", 1), ("0-1\n", 2), ("0,2-3\n", 4), ("0-15\n", 16), ("1\n", 2), ("\n", 1), ("", 1)])
    func nodesOfAMachine(list: String, count: Int) {
        #expect(NUMANode.count(online: list) == count)
    }
}

/// A thread that shares a lock until it is told to leave.
private final class ParkedReader {
    /// The thread's.
    let index: Int
    private let mayLeave = Signal()
    private let thread: RoleThread<Void>

    /// Returns when the thread is inside.
    init(_ lock: any SharedLock, node: Int? = nil) {
        let isInside = Signal()
        let indexSlot = IndexSlot()
        thread = RoleThread(number: 0) { [mayLeave] in
            if let node { NUMANode.countThisThread(to: node) }
            lock.share {
                indexSlot.index.store(Int(ThreadRegistration.index), ordering: .relaxed)
                isInside.raise()
                mayLeave.wait()
            }
        }
        isInside.wait()
        index = indexSlot.index.load(ordering: .relaxed)
    }

    func leave() {
        mayLeave.raise()
        thread.join()
    }

    private final class IndexSlot: Sendable {
        let index = Atomic<Int>(-1)
    }
}
