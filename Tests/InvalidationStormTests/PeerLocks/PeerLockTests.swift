import CPeerLocks
import NotifierDispatch
import Synchronization
import Testing

@testable import InvalidationStorm

@Suite("Locks of other libraries")
struct PeerLockTests {
    @Test("Who has a lock alone is alone; sharers see nothing change", arguments: PeerLock.allCases)
    func exclusion(kind: PeerLock) {
        #expect(LockedCounters(kind.make(), threads: 2).run(rounds: 4_000) == 0)
        // More threads than cores, which spin for each other's turns: few rounds.
        #expect(LockedCounters(kind.make(), threads: 4).run(rounds: 40) == 0)
    }

    @Test("Two share a lock at once", arguments: PeerLock.allCases)
    func sharing(kind: PeerLock) {
        let lock = kind.make()
        let (hasBeenInside, isInside) = ([Signal(), Signal()], [Signal(), Signal()])
        let threads = (0..<2).map { number in
            RoleThread(number: number) {
                // Once before: a thread's first time may have to wait for the others.
                lock.share {}
                hasBeenInside[number].raise()
                hasBeenInside[1 - number].wait()
                return lock.share {
                    isInside[number].raise()
                    return isInside[1 - number].comes()
                }
            }
        }
        #expect(threads.map { $0.join() } == [true, true])
    }

    @Test("A try fails while the lock is shared or taken, and holds nothing then", arguments: PeerLock.withATry)
    func tries(kind: PeerLock) {
        let lock = kind.make()
        func tryElsewhere() -> Bool { RoleThread(number: 1) { lock.tryAlone {} != nil }.join() }
        RCU.withRegisteredThread {
            #expect(lock.share { tryElsewhere() } == false)
            #expect(lock.takeAlone { tryElsewhere() } == false)
            #expect(lock.tryAlone { tryElsewhere() } == false)
            #expect(tryElsewhere())
            // What was refused left nothing behind that would keep others out.
            lock.share {}
            lock.takeAlone {}
        }
    }

    @Test("A guard whose lock has a try is refused beside a fault", arguments: PeerLock.withATry)
    func guardWithATry(kind: PeerLock) throws {
        let translationGuard = kind.makeGuard()
        #expect(type(of: translationGuard).capabilities == [.mayWouldBlock, .receivesEnd, .mayWaitForSections])
        #expect(try startBesideAFault(translationGuard, waitsForFault: false) == .wouldBlock)
    }

    @Test("A guard whose lock has none waits for the fault, and never would block", arguments: PeerLock.withoutATry)
    func guardWithoutATry(kind: PeerLock) throws {
        let translationGuard = kind.makeGuard()
        #expect(type(of: translationGuard).capabilities == [.receivesEnd, .mayWaitForSections])
        #expect(try startBesideAFault(translationGuard, waitsForFault: true) == .done)
    }

    @Test("No peer lock's guard says how long its faults waited", arguments: PeerLock.allCases)
    func waitsAreNotMeasured(kind: PeerLock) {
        #expect(!type(of: kind.makeGuard()).measuresWaits)
        #expect(MutexGuard.measuresWaits && ReadWriteLockGuard.measuresWaits && InvLockGuard.measuresWaits)
    }

    /// What a non-blockable start answers while a fault is in its walk, and after the start may be waiting for it.
    private func startBesideAFault(
        _ translationGuard: any TranslationGuard & SectionObserver, waitsForFault: Bool
    ) throws -> StartResponse {
        let nonBlockable = Invalidation(
            range: try #require(InvalidationRange(pages: 0..<4)), event: .clear, isBlockable: false)
        let (isWalking, mayGoOn, hasStarted) = (Signal(), Signal(), Signal())
        let faulter = RoleThread(number: 0) {
            _ = translationGuard.fault(
                at: 2,
                walk: { () -> Int? in
                    isWalking.raise()
                    mayGoOn.wait()
                    return nil
                }, install: { _ in })
        }
        isWalking.wait()
        let invalidator = RoleThread(number: 1) {
            let response = translationGuard.invalidationStarted(nonBlockable) { _ in }
            hasStarted.raise()
            if response == .done { translationGuard.invalidationEnded(nonBlockable) }
            return response
        }
        if waitsForFault { #expect(hasStarted.staysAway()) } else { #expect(hasStarted.comes()) }
        mayGoOn.raise()
        faulter.join()
        return invalidator.join()
    }

    @Test("A nested section traps", arguments: PeerLock.allCases)
    func nestedSectionTraps(kind: PeerLock) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind] in
            RCU.withRegisteredThread {
                let holder = kind.makeGuard()
                guard let range = InvalidationRange(pages: 0..<4) else { return }
                let section = Invalidation(range: range, event: .clear)
                _ = holder.invalidationStarted(section) { _ in }
                _ = holder.invalidationStarted(section) { _ in }
            }
        }
        #expect(result?.says("cannot nest in a thread") == true)
    }

    @Test("A section that ends on another thread traps", arguments: PeerLock.allCases)
    func movedSectionTraps(kind: PeerLock) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind] in
            RCU.withRegisteredThread {
                let holder = kind.makeGuard()
                guard let range = InvalidationRange(pages: 0..<4) else { return }
                let section = Invalidation(range: range, event: .clear)
                RoleThread(number: 0) { _ = holder.invalidationStarted(section) { _ in } }.join()
                holder.invalidationEnded(section)
            }
        }
        #expect(result?.says("must end on the thread it began on") == true)
    }

    @Test("A fault gives a thread the index that the lock looks by", arguments: PeerLock.needingAnIndex)
    func faultOnFirstUse(kind: PeerLock) async {
        // In a process of its own, whose main thread has no index yet.
        await #expect(processExitsWith: .success) { [kind] in
            precondition(ThreadRegistration.index < 0)
            let lock = kind.make()
            for _ in 0..<2 { lock.share { precondition(ThreadRegistration.index >= 0) } }
        }
    }
}

extension ExitTest.Result {
    /// Whether the process said `message` before it trapped. Optimised builds keep no messages of preconditions, so
    /// there it is true.
    fileprivate func says(_ message: String) -> Bool {
        #if DEBUG
            String(decoding: standardErrorContent, as: UTF8.self).contains(message)
        #else
            true
        #endif
    }
}
