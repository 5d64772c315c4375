import CPlatform
import Glibc
import Synchronization

/// Whether this process has restartable sequences (rseq(2)) that the kernel really restarts, and where a thread's area for
/// them lies.
///
/// A version number does not say that: the kernel may have them and refuse the barrier, glibc may be told not to register
/// its threads, and kernels for one processor or another have failed to restart a thread that was preempted and resumed on
/// the same core. So one sequence of each kind is tried, once in a process:
///
///     same core                                        barrier
///     in a sequence: wait for `may leave`              in a sequence: wait for `may leave`
///     another thread of this core runs: may leave      another thread: barrier, then may leave
///     Outcome: aborted. One that has seen `may leave` was interrupted, and went on all the same.
///
/// The outcome does not depend on time: the second thread cannot run before the first has lost their core, and the
/// barrier returns after the interrupt.
public enum RestartableSequences {
    /// Why there are none; `nil` if they work. The first look takes some milliseconds, and two threads.
    public static let refusal: Refusal? = findRefusal()

    /// Why a process has no restartable sequences.
    public enum Refusal: Error, Hashable, CustomStringConvertible {
        /// There is no code for this processor.
        case processor
        /// The program is built with ThreadSanitizer, which does not see what sequences order.
        case sanitizer
        /// glibc has not registered its threads: before 2.35, under `GLIBC_TUNABLES=glibc.pthread.rseq=0`, under valgrind,
        /// and where the kernel refuses rseq(2).
        case area
        /// membarrier(2) refuses the command that restarts sequences, with this errno.
        case barrier(Int32)
        /// The threads that would try it could not be started on one core, with this errno.
        case threads(Int32)
        /// A sequence went on after its thread had lost its core, and got it back.
        case goesOnAfterPreemption
        /// A sequence went on after the barrier had returned.
        case goesOnAfterBarrier
        /// Nothing came of the trial: the second thread never ran.
        case inconclusive

        /// One line, without the name of a guard.
        public var description: String {
            switch self {
            case .processor: "there is no restartable sequence for this processor"
            case .sanitizer: "ThreadSanitizer does not see what restartable sequences order"
            case .area:
                "glibc has registered no rseq area (older than 2.35, glibc.pthread.rseq=0, valgrind, or rseq(2) refused)"
            case .barrier(let error):
                "membarrier(2) refuses to restart sequences with error \(error), \(String(cString: strerror(error)))"
            case .threads(let error):
                "restartable sequences could not be tried: error \(error), \(String(cString: strerror(error)))"
            case .goesOnAfterPreemption: "this kernel does not restart a sequence whose thread was preempted"
            case .goesOnAfterBarrier: "this kernel's membarrier(2) does not restart sequences"
            case .inconclusive: "restartable sequences could not be tried: no second thread ran on this core"
            }
        }
    }

    /// Where each thread's area lies. Only if there is no ``refusal``.
    static var area: Int { cplatform_restartable_area() }

    private static func findRefusal() -> Refusal? {
        switch cplatform_restartable_error() {
        case CPLATFORM_RESTARTABLE: break
        case CPLATFORM_RESTARTABLE_SANITIZED: return .sanitizer
        case CPLATFORM_RESTARTABLE_NO_AREA: return .area
        default: return .processor
        }
        // Asked by doing it: what the kernel says that it can do has been wrong.
        let error = cplatform_membarrier_restart_register()
        guard error == 0 else { return .barrier(error) }
        do throws(Refusal) {
            try tryPreemption(on: cplatform_processor())
            try tryBarrier { cplatform_membarrier_restart() }
            return nil
        } catch {
            return error
        }
    }

    /// Throws if a sequence goes on although another thread of its core has run. Both are put on `processor`; if that is
    /// `nil`, on any, where it may well go on.
    static func tryPreemption(on processor: Int32?) throws(Refusal) {
        try run(on: processor, else: .goesOnAfterPreemption) { trial throws(Refusal) in
            try TrialThread(on: processor) {
                trial.waitUntilInside()
                trial.letLeave()
            }.join()
        }
    }

    /// Throws if a sequence goes on although the barrier, which returns 0 or an errno, has returned.
    static func tryBarrier(_ barrier: () -> Int32) throws(Refusal) {
        try run(on: nil, else: .goesOnAfterBarrier) { trial throws(Refusal) in
            trial.waitUntilInside()
            let error = barrier()
            guard error == 0 else { throw .barrier(error) }
        }
    }

    /// A sequence on a thread of its own; `interrupt` is to abort it before it lets it leave, and returns then.
    private static func run(
        on processor: Int32?, else refusal: Refusal, _ interrupt: (SequenceTrial) throws(Refusal) -> Void
    ) throws(Refusal) {
        let trial = SequenceTrial()
        let thread = try TrialThread(on: processor) { trial.run() }
        var failure: Refusal?
        do throws(Refusal) { try interrupt(trial) } catch { failure = error }
        trial.letLeave()
        thread.join()
        if let failure { throw failure }
        switch trial.end {
        case CPLATFORM_RESTARTABLE_ABORTED: return
        case CPLATFORM_RESTARTABLE_LEFT: throw refusal
        default: throw .inconclusive
        }
    }
}

/// A restartable sequence that only waits until it may leave.
private final class SequenceTrial: @unchecked Sendable {
    // @unchecked: atomics behind pointers that never change, and `end`, which the thread in the sequence writes before it
    // is joined.
    private let isInside = UnsafeMutablePointer<Atomic<UInt32>>.allocate(capacity: 1)
    private let mayLeave = UnsafeMutablePointer<Atomic<UInt32>>.allocate(capacity: 1)
    private(set) var end = CPLATFORM_RESTARTABLE_IN_VAIN

    /// How often it looks: a second of a core's time, far more than a thread waits for its turn.
    private static var rounds: UInt64 { 1 << 26 }

    init() {
        isInside.initialize(to: Atomic(0))
        mayLeave.initialize(to: Atomic(0))
    }

    deinit {
        isInside.deallocate()
        mayLeave.deallocate()
    }

    /// The sequence. Returns when it was aborted, has left, or has looked too often.
    func run() { end = cplatform_restartable_wait(RestartableSequences.area, isInside, mayLeave, Self.rounds) }

    /// Returns also if it has been inside and is no more.
    func waitUntilInside() {
        while isInside.pointee.load(ordering: .acquiring) == 0 { sched_yield() }
    }

    // Releasing: what was to interrupt the sequence comes before it.
    func letLeave() { mayLeave.pointee.store(1, ordering: .releasing) }
}

/// A thread of a trial; to be joined once.
private struct TrialThread {
    private var handle = pthread_t()

    /// Starts it on a processor, or on any. Throws `threads`.
    init(on processor: Int32?, _ body: @escaping @Sendable () -> Void) throws(RestartableSequences.Refusal) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        if let processor {
            let error = cplatform_attributes_bind(&attributes, processor)
            guard error == 0 else { throw .threads(error) }
        }
        let context = Unmanaged.passRetained(Body(run: body))
        let error = pthread_create(
            &handle, &attributes,
            { context in
                Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard error != 0 else { return }
        context.release()
        throw .threads(error)
    }

    func join() { pthread_join(handle, nil) }

    /// What a C function pointer can carry of a closure.
    private final class Body {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
