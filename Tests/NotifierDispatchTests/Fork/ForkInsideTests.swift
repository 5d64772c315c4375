import Glibc
import Testing

@testable import NotifierDispatch

/// Forks at points that a test chooses.
@Suite("A process that forks at a certain point", .enabled(if: ForkedChild.isPossible), .serialized)
struct ForkInsideTests {
    /// Where another thread stands when the process forks.
    enum Place: String, CaseIterable, Codable {
        case walk, install, section, sectionWide, callback, callbackOfList, released, startOfOther

        /// Brings a thread there, and holds it until `mayGo`.
        func stop(_ pages: GuardedPages, _ isThere: Gate, _ mayGo: Gate) -> PlainThread {
            PlainThread {
                @Sendable func hold() {
                    isThere.open()
                    mayGo.wait()
                }
                switch self {
                case .walk: _ = pages.fault(at: 510, duringWalk: { _ in hold() })
                case .install: _ = pages.fault(at: 510, duringInstall: hold)
                case .section: pages.space.invalidate(.of(508..<516), event: .unmap) { hold() }
                case .sectionWide: pages.space.invalidate(.of(0..<699), event: .unmap) { hold() }
                case .callback:
                    let watcher = RecordingIntervalSubscriber(over: 0..<1, in: pages.space.intervals)
                    watcher.answer = { _ in
                        hold()
                        return .done
                    }
                    guard (try? pages.space.insert(watcher.subscription, for: watcher)) != nil else { return }
                    pages.space.invalidate(.of(0..<1), event: .unmap) {}
                case .callbackOfList:
                    let subscriber = RecordingSubscriber()
                    subscriber.answer = { invalidation in
                        // Not in the sections of the child, where it is registered, too.
                        if invalidation.range == .of(0..<1) { hold() }
                        return .done
                    }
                    guard let subscription = try? pages.space.register(subscriber) else { return }
                    pages.space.invalidate(.of(0..<1), event: .unmap) {}
                    pages.space.unregister(subscription)
                case .released:
                    let leaver = HoldingSubscriber { hold() }
                    guard let subscription = try? pages.space.register(leaver) else { return }
                    pages.space.unregister(subscription)
                case .startOfOther:
                    // A section that waits for the walk of a fault: with a guard that holds a lock over it, in its start.
                    let walker = PlainThread { _ = pages.fault(at: 510, duringWalk: { _ in hold() }) }
                    isThere.wait()
                    pages.invalidate(508..<516)
                    walker.join()
                }
            }
        }
    }

    @Test(
        "While another thread is inside something, for ever as far as the child is concerned",
        arguments: ProtectedGuard.allCases)
    func otherThreadInside(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            // liburcu's worker is there, too.
            RCU.afterGracePeriod {}
            RCU.barrier()
            for place in Place.allCases {
                let pages = GuardedPages(kind)
                let subscription = try pages.subscribe()
                // Not empty, so that the child has something to drop.
                precondition(pages.fault(at: 700).status == .installed && pages.isVisible(700))
                let (isThere, mayGo) = (Gate(), Gate())
                let thread = place.stop(pages, isThere, mayGo)
                isThere.wait()
                usleep(2_000)
                ForkedChild.mustSucceed("\(kind.rawValue), \(place)") {
                    ChildWork.run(pages, subscription, fresh: GuardedPages(kind, space: pages.space))
                }
                mayGo.open()
                thread.join()
                precondition(pages.fault(at: 510).status == .installed)
                pages.space.unregister(subscription)
                precondition(pages.stale.value == 0)
            }
        }
    }

    @Test(
        "Inside a section of the forking thread: it may be ended in the child, where it is not open",
        arguments: ProtectedGuard.allCases)
    func insideASection(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            let pages = GuardedPages(kind)
            let subscription = try pages.subscribe()
            for _ in 0..<5 {
                precondition(pages.fault(at: 510).status == .installed)
                var child: ForkedChild?
                pages.space.invalidate(.of(508..<516), event: .protectionPage) { child = ForkedChild() }
                guard let child else {
                    _exit(ChildWork.run(pages, subscription, fresh: GuardedPages(kind, space: pages.space)))
                }
                let outcome = child.wait()
                precondition(outcome == .exited(0), "the child \(outcome)")
            }
            pages.space.unregister(subscription)
            precondition(pages.stale.value == 0)
        }
    }

    @Test("Inside a callback: exec works in the child, and the parent goes on")
    func insideACallbackExec() async {
        await #expect(processExitsWith: .success) {
            for callback in [true, false] {
                let space = AddressSpace()
                let outcomes = EventCounter()
                let forker: @Sendable () -> Void = {
                    let child = ForkedChild {
                        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
                        execv("/bin/true", &arguments)
                        return 1
                    }
                    if child.wait() == .exited(0) { outcomes.count() }
                }
                if callback {
                    let subscriber = RecordingSubscriber()
                    subscriber.answer = { _ in
                        forker()
                        return .done
                    }
                    let subscription = try space.register(subscriber)
                    space.invalidate(.of(0..<1), event: .unmap) {}
                    space.unregister(subscription)
                } else {
                    RCU.afterGracePeriod { forker() }
                    RCU.barrier()
                }
                precondition(outcomes.value == 1, "exec in a callback's child, \(callback)")
                RCU.synchronize()
                ForkedChild.mustSucceed("a child after that") {
                    space.invalidate(.of(0..<1), event: .unmap) {}
                    RCU.synchronize()
                    return 0
                }
            }
        }
    }

    @Test(
        "The child of a fork inside a read section traps at its next use of the engine",
        arguments: ProtectedGuard.allCases)
    func useAfterAnUnpreparedForkTraps(kind: ProtectedGuard) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind] in
            let pages = GuardedPages(kind)
            _ = try pages.subscribe()
            let child = RCU.read { ForkedChild() }
            guard let child else {
                pages.invalidate(508..<516)
                _exit(0)
            }
            // As the child ended.
            if child.wait() != .exited(0) { abort() }
        }
        #expect(result?.trapped(saying: "this process was forked inside a callback, read section or install") == true)
    }

    @Test("A fork inside a read section does not wait for it, though another thread synchronizes")
    func insideAReadSectionBesideASynchronizer() async {
        await #expect(processExitsWith: .success) {
            let isReading = Gate()
            let isOver = Gate()
            let synchronizer = PlainThread {
                isReading.wait()
                RCU.synchronize()
                isOver.open()
            }
            RCU.read {
                isReading.open()
                usleep(20_000)
                ForkedChild.mustSucceed("a child of a reader") { 0 }
                precondition(!isOver.isOpen)
            }
            synchronizer.join()
        }
    }
}

/// A subscriber that does something when it is released.
private final class HoldingSubscriber: InvalidationSubscriber {
    private let onReleased: @Sendable () -> Void
    init(_ onReleased: @escaping @Sendable () -> Void) { self.onReleased = onReleased }
    var capabilities: SubscriberCapabilities { [] }
    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse { .done }
    func invalidationEnded(_ invalidation: Invalidation) {}
    func released() { onReleased() }
}
