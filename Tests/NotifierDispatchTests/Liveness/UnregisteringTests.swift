import Testing

@testable import NotifierDispatch

/// In processes of their own: whoever waits inside a read section keeps the grace periods of all from ending.
@Suite("Rules E and F: ending a subscription", .serialized)
struct UnregisteringTests {
    @Test(
        "It waits for no section inside a read section: grace periods pass while it waits, and while it does not",
        arguments: ProtectedGuard.allCases, [false, true])
    func gracePeriodsPass(kind: ProtectedGuard, isDeferred: Bool) async {
        await #expect(processExitsWith: .success) { [kind, isDeferred] in
            try orKilled(after: 20) {
                let space = AddressSpace()
                let cache = LiveCache(kind, in: space)
                let subscription = try cache.subscribe()
                let section = HeldSection(in: space, over: 508..<512)
                let ending = Attempt {
                    if isDeferred { space.unregisterDeferred(subscription) } else { space.unregister(subscription) }
                }
                // It has the time to come to wherever it waits.
                _ = ending.waits()
                let gracePeriod = Attempt { RCU.synchronize() }
                #expect(gracePeriod.goesOn())
                section.end()
                #expect(ending.goesOn())
                #expect(cache.fault(at: 510) == .dead)
                #expect(gracePeriod.goesOn())
            }
        }
    }

    @Test(
        "Deferred inside a callback, which is a read section, it does not wait for another thread's section",
        arguments: ProtectedGuard.allCases)
    func insideACallback(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            try orKilled(after: 20) {
                let space = AddressSpace()
                let cache = LiveCache(kind, in: space, over: 0..<512, guarded: 512)
                let subscription = try cache.subscribe()
                let hasReturned = Gate()
                let subscriber = RecordingSubscriber()
                subscriber.answer = {
                    if $0.range.startPage == 600 {
                        space.unregisterDeferred(subscription)
                        hasReturned.open()
                    }
                    return .done
                }
                _ = try space.register(subscriber)
                let section = HeldSection(in: space, over: 508..<512)
                let callback = Attempt { space.invalidate(.of(600..<604), event: .unmap) {} }
                #expect(within { hasReturned.isOpen })
                #expect(callback.goesOn())
                section.end()
                #expect(callback.goesOn())
                #expect(cache.fault(at: 510) == .dead)
            }
        }
    }

    @Test(
        "The completion of a deferred removal runs outside of any section: it may register",
        arguments: ProtectedGuard.watchingRanges, [ProtectedGuard.interval, .striped])
    func completionRegisters(kind: ProtectedGuard, newKind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind, newKind] in
            try orKilled(after: 5) {
                let space = AddressSpace()
                let (old, new) = (LiveCache(kind, in: space), LiveCache(newKind, in: space))
                let subscription = try old.subscribe()
                let registered = EventCounter()
                space.invalidate(.of(508..<512), event: .unmap) {
                    space.unregisterDeferred(subscription) {
                        if (try? new.subscribe()) != nil { registered.count() }
                    }
                }
                #expect(registered.value == 1)
                #expect(old.fault(at: 510) == .dead)
                #expect(new.fault(at: 510) == .installed)
            }
        }
    }

    @Test(
        "So it does where a start fails and is undone",
        arguments: ProtectedGuard.watchingRanges, [ProtectedGuard.interval, .striped])
    func completionRegistersAfterAFailedStart(kind: ProtectedGuard, newKind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind, newKind] in
            try orKilled(after: 5) {
                let space = AddressSpace()
                let (old, new) = (LiveCache(kind, in: space), LiveCache(newKind, in: space))
                let subscription = try old.subscribe()
                let registered = EventCounter()
                let subscriber = RecordingSubscriber()
                subscriber.capabilities = [.mayWouldBlock, .receivesEnd]
                subscriber.answer = { _ in
                    space.unregisterDeferred(subscription) {
                        if (try? new.subscribe()) != nil { registered.count() }
                    }
                    return .wouldBlock
                }
                _ = try space.register(subscriber)
                let hasStarted = space.startsAndEnds(.nonBlockable(508..<512))
                #expect(!hasStarted)
                #expect(registered.value == 1)
                #expect(new.fault(at: 510) == .installed)
            }
        }
    }
}
