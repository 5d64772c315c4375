import Glibc
import Testing

@testable import NotifierDispatch

/// What would wait for itself traps, and says what waits for what; in optimised builds too, where it would hang.
@Suite("Rule E: cycles trap", .serialized)
struct CycleTests {
    @Test("An install that invalidates", arguments: ProtectedGuard.allCases, [508, 600])
    func installInvalidates(kind: ProtectedGuard, first: Int) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind, first] in
            try orKilled(after: 5) {
                let cache = LiveCache(kind, in: AddressSpace())
                _ = try cache.subscribe()
                cache.fault(at: 510, duringInstall: { cache.invalidate(first..<first + 4) })
            }
        }
        // Under a lock that is held over the walk the install is a part of what the section waits for.
        #expect(result?.namedTheCycle(["invalidates", kind.holdsLock ? "lock" : "install"]) == true)
    }

    @Test("A drop that invalidates", arguments: ProtectedGuard.allCases)
    func dropInvalidates(kind: ProtectedGuard) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind] in
            try orKilled(after: 5) {
                let cache = LiveCache(kind, in: AddressSpace())
                cache.onDrop = { [unowned cache] in if $0.contains(510) { cache.invalidate(600..<604) } }
                _ = try cache.subscribe()
                cache.invalidate(508..<512)
            }
        }
        #expect(result?.namedTheCycle(["drop", "invalidates"]) == true)
    }

    /// Those whose installs of one stripe exclude each other, so that a fault inside one waits for it.
    static let oneInstallAtATime = ProtectedGuard.allCases.filter {
        ![.readWriteLock, .kvm, .asymmetric, .fenced, .adaptive].contains($0)
    }

    @Test("A fault inside an install of the same stripe", arguments: oneInstallAtATime)
    func faultInInstall(kind: ProtectedGuard) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind] in
            try orKilled(after: 5) {
                let cache = LiveCache(kind, in: AddressSpace())
                _ = try cache.subscribe()
                cache.fault(at: 510, duringInstall: { cache.fault(at: 511) })
            }
        }
        #expect(result?.namedTheCycle(["install", "fault"]) == true)
    }

    @Test(
        "A fault inside an install anywhere, where a thread can say of one install only that it is under way",
        arguments: [ProtectedGuard.asymmetric, .fenced, .adaptive], [511, 600])
    func faultInPublishedInstall(kind: ProtectedGuard, page: Int) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind, page] in
            try orKilled(after: 5) {
                let cache = LiveCache(kind, in: AddressSpace())
                _ = try cache.subscribe()
                cache.fault(at: 510, duringInstall: { cache.fault(at: page) })
            }
        }
        #expect(result?.namedTheCycle(["install", "fault"]) == true)
    }

    @Test(
        "A fault inside an install that shares its lock, while a section waits for that lock",
        arguments: [ProtectedGuard.kvm])
    func faultInSharedInstall(kind: ProtectedGuard) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind] in
            try orKilled(after: 5) {
                let cache = LiveCache(kind, in: AddressSpace())
                _ = try cache.subscribe()
                cache.fault(
                    at: 510,
                    duringInstall: {
                        let section = Attempt { cache.invalidate(508..<512) }
                        _ = section.waits()
                        cache.fault(at: 511)
                    })
            }
        }
        #expect(result?.namedTheCycle(["install", "fault"]) == true)
    }

    @Test(
        "A fault of a signal handler that comes in the middle of an install",
        arguments: [ProtectedGuard.asymmetric, .fenced, .striped] + ProtectedGuard.restarting)
    func faultInSignalHandler(kind: ProtectedGuard) async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [kind] in
            try orKilled(after: 5) {
                let cache = LiveCache(kind, in: AddressSpace())
                _ = try cache.subscribe()
                FaultingHandler.install(for: cache)
                cache.fault(
                    at: 510,
                    duringInstall: {
                        // From another thread, as from a device; the handler has run when this thread goes on.
                        let installing = pthread_self()
                        _ = Attempt { pthread_kill(installing, SIGUSR1) }
                        FaultingHandler.hasRun.wait()
                    })
            }
        }
        #expect(result?.namedTheCycle(["install", "fault"]) == true)
    }

    @Test(
        "A signal handler may fault in the middle of a walk, of the same page too", arguments: ProtectedGuard.retrying)
    func faultInSignalHandlerInTheWalk(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            try orKilled(after: 5) {
                let cache = LiveCache(kind, in: AddressSpace())
                _ = try cache.subscribe()
                FaultingHandler.install(for: cache)
                let status = cache.fault(at: 511) { _ in
                    pthread_kill(pthread_self(), SIGUSR1)
                    FaultingHandler.hasRun.wait()
                }
                #expect(status == .installed)
            }
        }
    }
}

/// A signal handler that faults. In a process of its own: there is one for all threads.
private enum FaultingHandler {
    // Safe: written before the handler is installed.
    nonisolated(unsafe) private static var cache: LiveCache?
    static let hasRun = Gate()

    /// Has SIGUSR1 fault at page 511 of the cache, also on the calling thread, where a test's runner blocks signals.
    static func install(for cache: LiveCache) {
        self.cache = cache
        // Made before a handler needs it.
        _ = hasRun.isOpen
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            FaultingHandler.cache?.fault(at: 511)
            FaultingHandler.hasRun.open()
        }
        sigaction(SIGUSR1, &action, nil)
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGUSR1)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }
}
