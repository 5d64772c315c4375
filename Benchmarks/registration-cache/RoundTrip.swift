import CGoogleBenchmark
import CPlatform
import Glibc
import Synchronization

/// Two threads on the processors 0 and 1 that hand a word to each other: the state of the cores, see
/// Documentation/Measuring.md. On one processor they take turns there.
final class RoundTrip: Sendable {
    private let word = Atomic<UInt64>(0)
    private let count = Atomic<UInt64>(0)

    func run(_ handle: OpaquePointer?) {
        let count = cgb_loop_begin(handle)
        word.store(0, ordering: .relaxed)
        self.count.store(count, ordering: .relaxed)
        let other = start(on: 1) { $0.play(1) }
        let first = start(on: 0) { $0.play(0) }
        pthread_join(other, nil)
        pthread_join(first, nil)
        cgb_loop_end(handle)
    }

    /// The first thread makes the word odd, the second one makes it even.
    private func play(_ number: UInt64) {
        for round in 0..<count.load(ordering: .relaxed) {
            var looks = 0
            while word.load(ordering: .acquiring) & 1 != number {
                looks += 1
                if looks < 10_000 { cplatform_spin_hint() } else { sched_yield() }
            }
            word.store(2 &* round &+ (1 &- number), ordering: .releasing)
        }
    }

    private final class Player: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private func start(on processor: Int32, _ body: @escaping @Sendable (RoundTrip) -> Void) -> pthread_t {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        // Where there is no such processor, the kernel chooses.
        let isBound = sysconf(Int32(_SC_NPROCESSORS_ONLN)) > Int(processor)
        if isBound { _ = cplatform_attributes_bind(&attributes, processor) }
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Player>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(Player { body(self) }).toOpaque())
        precondition(status == 0, "pthread_create failed with error \(status)")
        return thread
    }
}
