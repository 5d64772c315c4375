import Glibc
import TorturedDispatch

/// A device that is asked to flush its translations and acknowledges in its own time, on a thread of its own.
final class FlushingDevice: Sendable {
    private let queue = Monitor()
    nonisolated(unsafe) private var requests: [FlushRequest] = []
    nonisolated(unsafe) private var isOver = false

    /// Asks for a flush and sleeps until it is done.
    func flush(_ record: ThreadRecord) {
        let request = FlushRequest()
        queue.locked {
            requests.append(request)
            queue.wakeAll()
        }
        request.waitUntilDone(record)
        Counts.flushes.count()
    }

    /// The device's thread.
    func run(_ record: ThreadRecord) {
        while let request = next() {
            record.random.delay(sleep: 300)
            request.acknowledge()
        }
    }

    /// Ends ``run(_:)``. No flush may be asked for any more.
    func end() {
        queue.locked {
            isOver = true
            queue.wakeAll()
        }
    }

    private func next() -> FlushRequest? {
        queue.locked {
            while requests.isEmpty, !isOver { queue.wait() }
            return requests.isEmpty ? nil : requests.removeFirst()
        }
    }
}

/// One flush, for which one thread sleeps.
final class FlushRequest: Sendable {
    let identity = DriverLock.newIdentity(.acknowledgement)
    private let monitor = Monitor()
    private let done = Atomic<Bool>(false)

    /// Whether a thread that still sleeps has missed its wake-up.
    var isDone: Bool { done.load(ordering: .acquiring) }

    fileprivate func waitUntilDone(_ record: ThreadRecord) {
        record.awaits(self)
        if Busted.is(.lostAcknowledgement) {
            if !isDone {
                record.random.delay(sleep: 100)
                monitor.locked { monitor.wait() }
            }
        } else {
            monitor.locked { while !isDone { monitor.wait() } }
        }
        record.awaits(nil)
    }

    fileprivate func acknowledge() {
        monitor.locked {
            done.store(true, ordering: .releasing)
            monitor.wakeAll()
        }
    }
}

/// A pthread mutex with a condition.
final class Monitor: Sendable {
    nonisolated(unsafe) private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    nonisolated(unsafe) private let condition: UnsafeMutablePointer<pthread_cond_t>

    init() {
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Sleeps, perhaps without a cause. With the mutex held.
    func wait() { pthread_cond_wait(condition, mutex) }

    func wakeAll() { pthread_cond_broadcast(condition) }
}
