import NotifierDispatch
import Synchronization
import Testing

/// The README's example, as a user would fill it in: with the public interface only.
private final class MyTranslationCache: InvalidationSubscriber {
    let `guard`: InvLockGuard
    let table = Mutex<[Int: Int]>([:])

    init(guard translationGuard: InvLockGuard) { `guard` = translationGuard }

    var capabilities: SubscriberCapabilities { InvLockGuard.capabilities }

    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        `guard`.invalidationStarted(invalidation) { range in
            table.withLock { table in range.pages.forEach { table[$0] = nil } }
        }
    }

    func invalidationEnded(_ invalidation: Invalidation) { `guard`.invalidationEnded(invalidation) }

    func released() { `guard`.released() }
}

@Test("The README's example does what it says")
func readMeExample() throws {
    let page = 3
    let range = try #require(InvalidationRange(pages: 0..<8))
    let space = Subscriptions()
    let cache = MyTranslationCache(guard: InvLockGuard(space: space))
    try RCU.withRegisteredThread {
        let subscription = try space.register(cache)
        let outcome = cache.guard.fault(
            at: page, walk: { 42 }, install: { entry in cache.table.withLock { $0[page] = entry } })
        #expect(outcome.status == .installed)
        #expect(cache.table.withLock { $0[page] } == 42)
        space.invalidate(range, event: .unmap) { #expect(cache.table.withLock { $0[page] } == nil) }
        space.unregister(subscription)
        #expect(cache.guard.fault(at: page, walk: { 42 }, install: { _ in }).status == .dead)
    }
}
