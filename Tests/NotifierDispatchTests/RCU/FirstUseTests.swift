import Glibc
import Synchronization
import Testing

@testable import NotifierDispatch

/// Threads that call in without ``RCU/withRegisteredThread(_:)``, as a driver's hooks do.
@Suite("First use of the engine by a thread")
struct FirstUseTests {
    @Test("A plain thread registers a cache, faults, invalidates and unregisters", arguments: ProtectedGuard.allCases)
    func wholeLife(kind: ProtectedGuard) {
        PlainThread {
            let pages = GuardedPages(kind)
            guard let subscription = try? pages.subscribe() else { fatalError("a registration was refused") }
            #expect(pages.fault(at: 3).status == .installed)
            #expect(pages.isVisible(3))
            #expect(pages.invalidate(0..<8))
            #expect(!pages.isVisible(3))
            pages.space.unregister(subscription)
            #expect(pages.fault(at: 3).status == .dead)
            #expect(pages.stale.value == 0)
        }.join()
    }

    /// What a thread's first use of the engine may be.
    enum FirstCall: String, CaseIterable, CustomTestStringConvertible {
        case fault, start, nonBlockableStart, register, insert, unregister, unregisterDeferred, afterGracePeriod, get,
            age,
            release

        var testDescription: String { rawValue }

        func make(in pages: GuardedPages, _ subscription: CacheSubscription) throws {
            switch self {
            case .fault: #expect(pages.fault(at: 3).status == .installed)
            case .start: #expect(pages.invalidate(0..<8))
            case .nonBlockableStart: #expect(pages.invalidate(0..<8, isBlockable: false))
            case .register: pages.space.unregister(try pages.space.register(RecordingSubscriber()))
            case .insert:
                let watcher = RecordingIntervalSubscriber(over: 0..<8, in: pages.space.intervals)
                try pages.space.insert(watcher.subscription, for: watcher)
                pages.space.remove(watcher.subscription)
            case .unregister: pages.space.unregister(subscription)
            case .unregisterDeferred:
                let isDone = Gate()
                pages.space.unregisterDeferred(subscription) { isDone.open() }
                #expect(eventually { isDone.isOpen })
            case .afterGracePeriod:
                let isDone = Gate()
                RCU.afterGracePeriod { isDone.open() }
                RCU.barrier()
                #expect(isDone.isOpen)
            case .get: pages.space.put(try pages.space.get(QuietShared.self))
            case .age: #expect(!pages.space.clearFlushYoung(.of(0..<8)))
            case .release: pages.space.release()
            }
        }
    }

    @Test("Whatever a thread's first call is, it works", arguments: ProtectedGuard.allCases, FirstCall.allCases)
    func firstCall(kind: ProtectedGuard, call: FirstCall) throws {
        let pages = GuardedPages(kind)
        let subscription = try pages.subscribe()
        PlainThread {
            #expect(throws: Never.self) { try call.make(in: pages, subscription) }
        }.join()
        #expect(pages.stale.value == 0)
        pages.space.unregister(subscription)
    }

    @Test("A thread keeps its index from its first use to its end; then the next one gets it")
    func indexIsGivenBackAtTheEnd() async {
        await #expect(processExitsWith: .success) {
            let space = AddressSpace()
            for _ in 0..<10 {
                let first = IndexedThread(space)
                let second = IndexedThread(space)
                precondition(Set([first.index, second.index]) == [0, 1])
                first.end()
                second.end()
            }
            precondition(ThreadRegistration.indexLimit == 2)
        }
    }

    @Test("withRegisteredThread gives the index back, unless the thread had registered itself before")
    func explicitAndFirstUse() {
        @Sendable func index() -> Int32 { ThreadRegistration.index }
        PlainThread {
            RCU.withRegisteredThread {
                #expect(index() >= 0)
                RCU.read {}
            }
            #expect(index() == -1)
            ReadCopyUpdate<MBFlavour>.withRegisteredThread {
                let mine = index()
                RCU.read {}
                #expect(index() == mine)
            }
            let mine = index()
            #expect(mine >= 0)
            RCU.withRegisteredThread { RCU.withRegisteredThread { #expect(index() == mine) } }
            #expect(index() == mine)
        }.join()
    }

    @Test("The destructor of another key may use the engine before and after its own, and the index is given back")
    func destructorsOfOtherKeys() async {
        await #expect(processExitsWith: .success) {
            // Keys are destructed in the order in which they were made: the first of these before the engine's, the other
            // behind it.
            let before = UseAtEnd.makeKey()
            RCU.read {}
            let behind = UseAtEnd.makeKey()
            for round in 1...10 {
                PlainThread {
                    pthread_setspecific(before, UnsafeMutableRawPointer(bitPattern: 1))
                    pthread_setspecific(behind, UnsafeMutableRawPointer(bitPattern: 1))
                    RCU.read {}
                    precondition(ThreadRegistration.index == 1, "the index is \(ThreadRegistration.index)")
                }.join()
                precondition(
                    UseAtEnd.uses.value == 2 * round, "\(UseAtEnd.uses.value) uses by the end of round \(round)")
            }
            precondition(ThreadRegistration.indexLimit == 2, "an index was lost")
            RCU.synchronize()
        }
    }

    @Test("As many threads as there are indices can use the engine at once; one more traps with a clear message")
    func tooManyThreads() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let registered = EventCounter()
            for _ in 0..<ThreadRegistration.maximumThreads {
                SmallThread.start {
                    RCU.read {}
                    registered.count()
                    // Until the process ends.
                    while true { pause() }
                }
            }
            precondition(eventually { registered.value == ThreadRegistration.maximumThreads })
            precondition(!ThreadRegistration.register(), "there is one index too many")
            FileHandles.note("all have an index")
            RCU.read {}
        }
        #expect(result?.trapped(saying: "all have an index") == true)
        #expect(result?.trapped(saying: "more than 4096 threads are registered with RCU at once") == true)
    }
}

/// A shared subscriber that does nothing.
private final class QuietShared: SharedSubscriber {
    init(space: AddressSpace) {}
    var capabilities: SubscriberCapabilities { [] }
    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse { .done }
    func invalidationEnded(_ invalidation: Invalidation) {}
    func released() {}
    func free() {}
}

/// A plain thread that has used the engine and stays until it is told to end.
private final class IndexedThread {
    private let mayEnd = Gate()
    private let thread: PlainThread
    let index: Int

    init(_ space: AddressSpace) {
        let hasIndex = Gate()
        let seen = EventCounter()
        thread = PlainThread { [mayEnd] in
            space.invalidate(.of(0..<1), event: .unmap) {}
            // With subscribers it would have registered the thread already.
            RCU.read {}
            seen.add(Int(ThreadRegistration.index))
            hasIndex.open()
            mayEnd.wait()
        }
        hasIndex.wait()
        index = seen.value
    }

    func end() {
        mayEnd.open()
        thread.join()
    }
}

/// Keys whose destructors use the engine.
private enum UseAtEnd {
    static let space = AddressSpace()
    static let uses = EventCounter()

    static func makeKey() -> pthread_key_t {
        var key = pthread_key_t()
        pthread_key_create(&key) { _ in
            RCU.read {}
            UseAtEnd.space.invalidate(.of(0..<1), event: .unmap) {}
            UseAtEnd.uses.count()
        }
        return key
    }
}

/// Threads with little stack, of which there can be thousands. Nobody joins them.
private enum SmallThread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    static func start(_ body: @escaping @Sendable () -> Void) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 128 << 10)
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        var handle = pthread_t()
        let status = pthread_create(
            &handle, &attributes,
            { context in
                Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(Body(body)).toOpaque())
        pthread_attr_destroy(&attributes)
        precondition(status == 0, "pthread_create failed with error \(status)")
    }
}

/// Standard error, without Foundation.
private enum FileHandles {
    static func note(_ text: StaticString) { write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount) }
}
