import CNotifierDispatch
import Glibc
import NotifierDispatch
import Synchronization

/// What an `nd_subscription` is: a cache of the caller's, behind a guard of one of the kinds.
final class SubscribedCache: @unchecked Sendable {
    // @unchecked: an address of what `guardHold` holds.
    let kind: GuardKind
    /// The guard, of the type that the kind says. `guardHold` holds it.
    let translationGuard: UnsafeRawPointer
    let startPage: UInt64
    let pageCount: UInt64
    private let guardHold: any AnyObject & Sendable
    private let space: Space
    private let subscription: CacheSubscription
    private let state = Atomic<State.RawValue>(State.live.rawValue)

    /// How far its end has come.
    private enum State: UInt8 { case live, ending, ended }

    init<Scheme: RetryScheme & ~Copyable>(
        _ kind: GuardKind, _ translationGuard: RetryingGuard<Scheme>, dropping cache: DroppingCache<Scheme>,
        over range: InvalidationRange, in space: Space
    ) throws(RegistrationError) {
        precondition(TicketMemory<Scheme.Ticket>.isLargeEnough, "a ticket of this guard does not fit into an nd_ticket")
        self.kind = kind
        self.translationGuard = UnsafeRawPointer(Unmanaged.passUnretained(translationGuard).toOpaque())
        startPage = UInt64(range.startPage)
        pageCount = UInt64(range.count)
        guardHold = translationGuard
        self.space = space
        subscription = try space.notifiers.register(cache, over: range)
        space.subscriptions.wrappingAdd(1, ordering: .relaxed)
    }

    deinit { space.subscriptions.wrappingSubtract(1, ordering: .relaxed) }

    @inline(__always)
    static func unmanaged(_ handle: OpaquePointer) -> Unmanaged<SubscribedCache> {
        Unmanaged<SubscribedCache>.fromOpaque(UnsafeRawPointer(handle))
    }

    /// Whether the page lies in the range.
    @inline(__always)
    func contains(_ page: UInt64) -> Bool { page &- startPage < pageCount }

    /// Ends the subscription, once. Returns whether this call did.
    fileprivate func end() -> Bool {
        // Relaxed: only one caller may win, and what it does is ordered by the engine.
        guard
            state.compareExchange(expected: State.live.rawValue, desired: State.ending.rawValue, ordering: .relaxed)
                .exchanged
        else { return false }
        space.notifiers.unregister(subscription)
        // Releasing: the end comes before the free (pairs with isEnded).
        state.store(State.ended.rawValue, ordering: .releasing)
        return true
    }

    // Acquiring: see end.
    fileprivate var isEnded: Bool { state.load(ordering: .acquiring) == State.ended.rawValue }
}

/// The caller's cache, as the engine sees it.
final class DroppingCache<Scheme: RetryScheme & ~Copyable>: TranslationCache, @unchecked Sendable {
    // @unchecked: the context is the caller's, who is told that drops may run at once.
    let `guard`: RetryingGuard<Scheme>
    private let dropFunction: nd_drop_function
    private let context: UnsafeMutableRawPointer?

    init(_ translationGuard: RetryingGuard<Scheme>, _ drop: nd_drop_function, _ context: UnsafeMutableRawPointer?) {
        `guard` = translationGuard
        dropFunction = drop
        self.context = context
    }

    func drop(_ range: InvalidationRange) {
        dropFunction(context, UInt64(range.startPage), UInt64(range.endPage))
    }
}

@_cdecl("nd_subscribe")
public func subscribe(
    _ handle: OpaquePointer?, _ options: UnsafePointer<nd_subscribe_options>?,
    _ subscription: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
    guard let handle, let options, let subscription,
        options.pointee.size >= MemoryLayout<nd_subscribe_options>.size, options.pointee.flags == 0,
        let name = options.pointee.guard, let drop = options.pointee.drop,
        let range = InvalidationRange(options.pointee.start_page, options.pointee.end_page)
    else { return EINVAL }
    if CallingThread.isInsideDrop { return EDEADLK }
    let error = CallingThread.enter()
    guard error == 0 else { return error }
    switch GuardKind.named(String(cString: name)) {
    case .refused(let error): return error
    case .kind(let kind):
        if kind.keepsWordsForPages, range.endPage > 1 << 30 { return ERANGE }
        let space = Space.unmanaged(handle).takeUnretainedValue()
        let making = Subscribing(kind: kind, space: space, range: range, drop: drop, context: options.pointee.context)
        do throws(RegistrationError) {
            subscription.pointee = OpaquePointer(Unmanaged.passRetained(try making.subscribe()).toOpaque())
            return 0
        } catch {
            // The space is never released and the guard is new, so nothing but the range can be wrong.
            return EINVAL
        }
    }
}

@_cdecl("nd_unsubscribe")
public func unsubscribe(_ handle: OpaquePointer?) -> Int32 {
    guard let handle else { return EINVAL }
    guard !CallingThread.isInsideReading else { return EDEADLK }
    let error = CallingThread.enter()
    guard error == 0 else { return error }
    return SubscribedCache.unmanaged(handle)._withUnsafeGuaranteedRef { $0.end() ? 0 : EINVAL }
}

@_cdecl("nd_subscription_free")
public func freeSubscription(_ handle: OpaquePointer?) -> Int32 {
    guard let handle else { return EINVAL }
    let subscription = SubscribedCache.unmanaged(handle)
    guard subscription._withUnsafeGuaranteedRef({ $0.isEnded }) else { return EBUSY }
    subscription.release()
    return 0
}
