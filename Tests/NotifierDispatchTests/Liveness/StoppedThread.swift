import Testing

@testable import NotifierDispatch

/// A space with a cache over all pages, another one over the second stripe, and a third that is not registered yet.
final class WaitingScene: Sendable {
    /// What the stopped thread's section is over, and what others are.
    static let (here, elsewhere) = (508..<512, 600..<604)

    let kind: ProtectedGuard
    let space = AddressSpace()
    let cache: LiveCache
    let subscription: CacheSubscription
    let otherSubscription: CacheSubscription
    private let table = PageTable()

    init(_ kind: ProtectedGuard) throws {
        self.kind = kind
        // The second walk is the fallback's; whoever waits does not give up while the test lasts.
        let budget = RetryBudget(collisions: 1, nanoseconds: 60_000_000_000, fallbackNanoseconds: 60_000_000_000)
        cache = LiveCache(kind, in: space, table, budget: budget)
        subscription = try cache.subscribe()
        otherSubscription = try LiveCache(kind, in: space, table, over: 512..<1_024).subscribe()
    }

    /// Another cache of the same kind, over the second stripe.
    func makeNewcomer() -> LiveCache { LiveCache(kind, in: space, table, over: 512..<1_024) }

    /// Does it, and waits for whatever it has to wait for.
    func perform(_ action: Action) {
        switch action {
        case .faultHere: cache.fault(at: 510)
        case .faultElsewhere: cache.fault(at: 600)
        case .sectionHere: cache.invalidate(Self.here)
        case .sectionElsewhere: cache.invalidate(Self.elsewhere)
        case .registration: _ = try? makeNewcomer().subscribe()
        case .deferredUnregistration: space.unregisterDeferred(subscription)
        case .otherUnregistration: space.unregister(otherSubscription)
        }
    }
}

/// A thread that is stopped in a window of a scene.
final class StoppedThread: Sendable {
    private let mayGoOn = Gate()
    private let attempt: Attempt

    /// Returns when it is there, or would have had the time to be.
    init(in window: Window, of scene: WaitingScene) throws {
        let isThere = Gate()
        let stop: @Sendable () -> Void = { [mayGoOn] in
            guard !isThere.isOpen else { return }
            isThere.open()
            mayGoOn.wait()
        }
        let (space, cache) = (scene.space, scene.cache)
        switch window {
        case .walk:
            attempt = Attempt { cache.fault(at: 510) { _ in stop() } }
        case .install:
            attempt = Attempt { cache.fault(at: 510, duringInstall: stop) }
        case .section:
            attempt = Attempt { space.invalidate(.of(WaitingScene.here), event: .unmap, stop) }
        case .claim:
            attempt = Attempt {
                cache.fault(at: 510) { walk in
                    if walk == 1 { cache.invalidate(WaitingScene.here) } else { stop() }
                }
            }
        case .registration:
            let newcomer = scene.makeNewcomer()
            newcomer.onOwner = stop
            attempt = Attempt { _ = try? newcomer.subscribe() }
        case .callback:
            let subscriber = RecordingSubscriber()
            subscriber.answer = {
                if $0.event == .protectionVMA { stop() }
                return .done
            }
            // Behind the cache, whose guard has been told of the section when it is stopped.
            _ = try space.register(subscriber, behind: scene.subscription)
            attempt = Attempt { space.invalidate(.of(WaitingScene.here), event: .protectionVMA) {} }
        }
        #expect(within { isThere.isOpen }, "\(scene.kind): no thread came to the window \(window)")
    }

    /// Lets it go on. Whether it comes to its end.
    func goOn() -> Bool {
        mayGoOn.open()
        return attempt.goesOn(milliseconds: 5_000)
    }
}
