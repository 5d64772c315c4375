import Glibc
import NotifierDispatch
import Synchronization

/// A thread that maps, registers and unmaps pages at a rate, until it is stopped.
///
/// Every millisecond it makes up for what it owes, so that it need not spin between two of them. If it cannot keep up, it owes
/// a tenth of a second at most: what it achieves is counted.
final class Storm: @unchecked Sendable {
    // @unchecked: the thread is joined by the one that stops it.
    private let isStopped = Atomic<Bool>(false)
    private let done = Atomic<Int>(0)
    private let cache: any MeasuredCache
    private let base: UInt
    private let rate: Int
    private let start = MonotonicClock.now()
    private var thread = pthread_t()

    /// How many pages it goes round.
    static var pages: Int { 1_024 }

    init(of cache: any MeasuredCache, over base: UInt, perSecond rate: Int) {
        self.cache = cache
        self.base = base
        self.rate = rate
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Storm>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        precondition(status == 0, "pthread_create failed with error \(status)")
    }

    /// Stops it. Returns how many invalidations a second there were.
    func stop() -> Double {
        let nanoseconds = MonotonicClock.now() - start
        let count = done.load(ordering: .relaxed)
        precondition(count < Self.pages || cache.deregistrations > 0, "nothing was deregistered")
        isStopped.store(true, ordering: .relaxed)
        pthread_join(thread, nil)
        return Double(count) / Double(max(1, nanoseconds)) * 1e9
    }

    private func run() {
        var forgiven = 0
        var count = 0
        while !isStopped.load(ordering: .relaxed) {
            let due = Int(Double(MonotonicClock.now() - start) * Double(rate) / 1e9) - forgiven
            if due - count > rate / 10 { forgiven += due - count - rate / 10 }
            for _ in 0..<min(due - count, max(1, rate / 1_000)) {
                cache.remap(base + UInt(count % Self.pages) * Layout.stride)
                count += 1
                done.store(count, ordering: .relaxed)
            }
            if count >= due {
                var pause = timespec(tv_sec: 0, tv_nsec: 1_000_000)
                nanosleep(&pause, nil)
            }
        }
    }
}
