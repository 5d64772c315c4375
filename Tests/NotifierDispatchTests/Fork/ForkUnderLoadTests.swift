import Glibc
import Synchronization
import Testing

@testable import NotifierDispatch

@Suite("A process that forks under load", .enabled(if: ForkedChild.isPossible), .serialized)
struct ForkUnderLoadTests {
    @Test("Each child faults, invalidates, registers, defers and synchronizes", arguments: ProtectedGuard.allCases)
    func childrenWork(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            let storm = try ForkStorm(kind)
            for round in 0..<40 {
                storm.forkChild("round \(round)")
                usleep(useconds_t(round * 37 % 500))
            }
            storm.end()
        }
    }

    @Test("Children fork children, and each works", arguments: [ProtectedGuard.adaptive, .interval, .mutex])
    func grandchildrenWork(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            let storm = try ForkStorm(kind)
            for _ in 0..<10 {
                ForkedChild.mustSucceed("a child that forks") {
                    let inner = ForkedChild { storm.work() }
                    guard inner.wait() == .exited(0) else { return 100 }
                    return storm.work()
                }
            }
            storm.end()
        }
    }

    @Test("Several threads fork at once", arguments: [ProtectedGuard.adaptive, .intervalStripe, .stripeMutex])
    func severalThreadsFork(kind: ProtectedGuard) async {
        await #expect(processExitsWith: .success) { [kind] in
            let storm = try ForkStorm(kind)
            let threads = (0..<3).map { number in
                PlainThread { for _ in 0..<15 { storm.forkChild("thread \(number)") } }
            }
            for thread in threads { thread.join() }
            storm.end()
        }
    }
}

/// Threads of the parent that are inside everything that the engine has when the process forks.
final class ForkStorm: Sendable {
    private let pages: GuardedPages
    private let subscription: CacheSubscription
    private let kind: ProtectedGuard
    private let isOver = Gate()
    private let threads: Mutex<[PlainThread]>

    init(_ kind: ProtectedGuard) throws {
        self.kind = kind
        pages = GuardedPages(kind)
        subscription = try pages.subscribe()
        threads = Mutex([])
        // All types in use before the first fork.
        let warm = GuardedPages(kind)
        let warmed = ChildWork.run(warm, try warm.subscribe(), fresh: GuardedPages(kind, space: warm.space))
        precondition(warmed == 0, "step \(warmed) goes wrong in the parent")
        let (pages, isOver) = (pages, isOver)
        func start(_ body: @escaping @Sendable () throws -> Void) {
            let thread = PlainThread {
                while !isOver.isOpen {
                    do { try body() } catch { fatalError("\(error)") }
                }
            }
            threads.withLock { $0.append(thread) }
        }
        start { for page in GuardedPages.hot { _ = pages.fault(at: page, duringWalk: { _ in sched_yield() }) } }
        start { _ = pages.fault(at: 510, duringInstall: { sched_yield() }) }
        start { pages.invalidate(508..<516) }
        start {
            guard let section = pages.space.invalidateRangeStart(.blockable(0..<512)) else { return }
            usleep(100)
            pages.space.invalidateRangeEnd(section)
        }
        start {
            let others = GuardedPages(kind, space: pages.space)
            let subscription = try others.subscribe()
            _ = others.fault(at: 3)
            others.space.unregister(subscription)
        }
        start {
            let others = GuardedPages(kind, space: pages.space)
            let isComplete = Gate()
            others.space.unregisterDeferred(try others.subscribe()) { isComplete.open() }
            isComplete.wait()
        }
        start {
            let deferred = GuardedPages(kind)
            RCU.afterGracePeriod { withExtendedLifetime(deferred) {} }
            RCU.barrier()
        }
        // Threads that come, register themselves, and go.
        start { PlainThread { _ = pages.fault(at: 3) }.join() }
    }

    /// In a child.
    func work() -> Int32 {
        ChildWork.run(pages, subscription, fresh: GuardedPages(kind, space: pages.space))
    }

    func forkChild(_ what: String) { ForkedChild.mustSucceed("\(kind.rawValue), \(what)") { work() } }

    /// The parent has taken no harm.
    func end() {
        isOver.open()
        for thread in threads.withLock({ $0 }) { thread.join() }
        pages.checkAgainstPageTable()
        pages.space.unregister(subscription)
        precondition(pages.stale.value == 0, "\(pages.stale.value) stale translations in the parent")
    }
}
