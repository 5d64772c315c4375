import CPlatform
import Glibc
import Synchronization
import Testing

@testable import NotifierDispatch

@Suite("RestartableScheme", .enabled(if: RestartableSequences.refusal == nil))
struct RestartableSchemeTests {
    /// Two stripes of four pages.
    private func makeGuard() -> RestartableGuard {
        RestartableGuard(RestartableScheme(pages: 8, stripeSize: StripeSize(shift: 2)))
    }

    @Test("A sequence that begins after the raise stores nothing, nor one whose ticket is older than a whole section")
    func seesSections() throws {
        try RCU.withRegisteredThread {
            let restartable = makeGuard()
            let slot = Slot()
            let ticket = try restartable.ticket(at: 1)
            restartable.start(0..<1)
            #expect(!restartable.mayBegin(at: 1))
            #expect(!restartable.stores(1, in: slot, ticket, at: 1))
            restartable.end(0..<1)
            #expect(!restartable.stores(1, in: slot, ticket, at: 1))
            restartable.start(0..<1)
            restartable.end(0..<1)
            #expect(!restartable.stores(1, in: slot, ticket, at: 1))
            #expect(slot.value == 0)
            #expect(restartable.stores(2, in: slot, try restartable.ticket(at: 1), at: 1))
            #expect(slot.value == 2)
        }
    }

    @Test("Sections in another stripe are no collision, open or ended")
    func otherStripes() throws {
        try RCU.withRegisteredThread {
            let restartable = makeGuard()
            let slot = Slot()
            let ticket = try restartable.ticket(at: 1)
            restartable.start(4..<5)
            #expect(restartable.stores(1, in: slot, ticket, at: 1))
            restartable.end(4..<5)
            #expect(restartable.stores(2, in: slot, ticket, at: 1))
            #expect(restartable.stripes.map(\.startedSections) == [0, 1])
        }
    }

    @Test("Sections overlap and nest; faults begin after the last end")
    func sectionsNest() {
        let restartable = makeGuard()
        restartable.start(0..<8)
        restartable.start(3..<5)
        #expect(restartable.stripes.map(\.openSections) == [2, 2])
        restartable.end(0..<8)
        #expect(!restartable.mayBegin(at: 1))
        restartable.end(3..<5)
        #expect(restartable.mayBegin(at: 1))
        #expect(restartable.mayBegin(at: 4))
    }

    @Test("When a start returns, no sequence whose ticket is older stores any more")
    func nothingComesLate() {
        let restartable = makeGuard()
        let slot = Slot()
        let isOver = Gate()
        let faulter = RegisteredThread {
            while !isOver.isOpen {
                guard let ticket = restartable.scheme.readBeginIfIdle(at: 1) else { continue }
                for _ in 0..<64 { _ = restartable.scheme.installs.isStored(2, in: slot.word, ticket) }
            }
        }
        var late = 0
        for _ in 0..<5_000 {
            // Until it stores again, so that it is in the middle of it.
            while slot.value != 2 { sched_yield() }
            restartable.start(0..<1)
            slot.word.pointee.store(1, ordering: .relaxed)
            for _ in 0..<50 where slot.value != 1 { late += 1 }
            restartable.end(0..<1)
        }
        isOver.open()
        faulter.join()
        #expect(late == 0)
    }

    @Test("A start waits for an install by a closure in its stripes, and for none in others")
    func waitsForClosures() { SequenceSteps.sectionsWaitForClosures(makeGuard(), section: 3..<4) }

    @Test("A sequence stores nothing while an install by a closure holds the stripe, and waits for it")
    func waitsForTheLock() { SequenceSteps.sequencesWaitForClosures(makeGuard()) }

    @Test("Invariant 37: nobody begins or stores after the end of the subscription")
    func invariant37() throws { try SequenceSteps.nothingAfterTheEnd(makeGuard()) }

    #if arch(x86_64)
        @Test("A thread whose area the kernel does not know installs under the lock")
        func threadWithoutArea() {
            let restartable = makeGuard()
            let slot = Slot()
            let sequences = EventCounter()
            RegisteredThread {
                guard RestartableArea.unregisterThisThread() else { return }
                let status = restartable.fault(at: 1, walk: { 7 }, into: slot.word).status
                let ticket = restartable.scheme.readBeginIfIdle(at: 1)!
                if status == .installed, !restartable.scheme.installs.isStored(8, in: slot.word, ticket) {
                    sequences.count()
                }
            }.join()
            #expect(sequences.value == 1)
            #expect(slot.value == 7)
            #expect(restartable.stripes.map(\.isLocked) == [false, false])
        }
    #endif
}

#if arch(x86_64)
    enum RestartableArea {
        /// As a kernel that refuses rseq(2) leaves it: the area says afterwards that it is none.
        static func unregisterThisThread() -> Bool {
            typealias SystemCall = @convention(c) (Int, UnsafeMutableRawPointer, Int, Int, Int) -> Int
            // There glibc keeps a thread's structure at its thread pointer.
            let area = UnsafeMutableRawPointer(bitPattern: Int(pthread_self()) + RestartableSequences.area)!
            guard let symbol = dlsym(nil, "syscall") else { return false }
            let systemCall = unsafeBitCast(symbol, to: SystemCall.self)
            let (number, size, unregister, signature) = (334, 32, 1, 0x5305_3053)
            return systemCall(number, area, size, unregister, signature) == 0
        }
    }
#endif

/// What holds for every guard whose faults are sequences in the stripes of four pages that it is made with.
enum SequenceSteps {
    /// `section` lies in the stripe of page 2, and perhaps beyond; page 4 begins the next stripe.
    static func sectionsWaitForClosures<Scheme: OverStripeWords & SectionObserver & ~Copyable>(
        _ guarded: RetryingGuard<Scheme>, section pages: Range<Int>
    ) {
        let install = HeldInstall(guarded, at: 2)
        #expect(guarded.stripes[0].isLocked && !guarded.stripes[1].isLocked)
        let other = StartingSection(guarded, 4..<8)
        #expect(other.starts())
        other.join()
        let section = StartingSection(guarded, pages)
        #expect(section.waits())
        #expect(section.dropped.take().isEmpty)
        install.finish()
        section.join()
        #expect(section.dropped.take().flatMap { Array($0) } == Array(pages))
        guarded.end(pages)
        guarded.end(4..<8)
        #expect(guarded.stripes.allSatisfy { $0.openSections == 0 && !$0.isLocked })
        #expect(guarded.openWideSections == 0)
    }

    static func sequencesWaitForClosures<Scheme: OverStripeWords & ~Copyable>(_ guarded: RetryingGuard<Scheme>) {
        let slot = Slot()
        let install = HeldInstall(guarded, at: 2)
        let isOver = Gate()
        let fault = RegisteredThread {
            _ = guarded.fault(at: 1, walk: { 7 }, into: slot.word)
            isOver.open()
        }
        #expect(!isOver.waitInVain())
        #expect(slot.value == 0)
        install.finish()
        fault.join()
        #expect(slot.value == 7)
        #expect(guarded.stripes.allSatisfy { !$0.isLocked })
    }

    static func nothingAfterTheEnd<Scheme: OverStripeWords & ~Copyable>(_ guarded: RetryingGuard<Scheme>) throws {
        try RCU.withRegisteredThread {
            let slot = Slot()
            let ticket = try guarded.ticket(at: 7)
            guarded.markDead()
            #expect(!guarded.stores(1, in: slot, ticket, at: 7))
            #expect(!guarded.mayBegin(at: 7))
            #expect(guarded.stripes.allSatisfy { $0.isDead })
            #expect(guarded.fault(at: 1, walk: { 1 }, into: slot.word).status == .dead)
            #expect(slot.value == 0)
        }
    }
}

/// Where a translation of one word goes.
final class Slot: @unchecked Sendable {
    // @unchecked: an atomic behind a pointer that never changes.
    let word = UnsafeMutablePointer<Atomic<UInt64>>.allocate(capacity: 1)

    init() { word.initialize(to: Atomic(0)) }

    deinit { word.deallocate() }

    var value: UInt64 { word.pointee.load(ordering: .acquiring) }
}

extension RetryingGuard where Scheme: ~Copyable {
    /// Whether a whole install section of one word was one.
    func stores(_ value: UInt64, in slot: Slot, _ ticket: Scheme.Ticket, at page: Int) -> Bool {
        scheme.install(value, into: slot.word, ticket, at: page) != nil
    }
}
