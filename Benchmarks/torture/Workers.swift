import Glibc
import TestThreads
import TorturedDispatch

/// The threads that torture one guard, and the spaces that they do it on, one after the other.
final class Workers: Sendable {
    /// The thread that ``Busted/unfairLock`` never serves.
    static let victim = Atomic<Int>(-1)
    private static let turn = Monitor()
    nonisolated(unsafe) private static var life: SpaceLife?
    /// The same, and still the last one while its threads leave it.
    nonisolated(unsafe) private static var latest: SpaceLife?

    private let kind: TorturedGuard
    private let seed: UInt64
    private let isOver = Atomic<Bool>(false)
    private let device = FlushingDevice()
    nonisolated(unsafe) private var permanent: [PlainThread] = []
    nonisolated(unsafe) private var spaces: [FormerSpace] = []

    /// A space whose life is over: nothing may hold it.
    private struct FormerSpace {
        weak var space: AddressSpace?
    }

    init(_ kind: TorturedGuard, seed: UInt64) {
        self.kind = kind
        self.seed = seed
    }

    /// The present space.
    static func current() -> SpaceLife? { turn.locked { life } }

    /// The present space with this thread as a user of it; `nil` between two.
    private static func enter() -> SpaceLife? {
        turn.locked {
            life?.users.wrappingAdd(1, ordering: .relaxed)
            return life
        }
    }

    private static func publish(_ next: SpaceLife?) { turn.locked { life = next } }

    /// For the watchdog.
    static func lastOne() -> SpaceLife? { turn.locked { latest } }

    private static func setLatest(_ next: SpaceLife?) { turn.locked { latest = next } }

    /// Tortures the guard for so many seconds of the watchdog's clock.
    func run(seconds: Int, threads: Int) {
        let device = PlainThread { [device, seed] in
            ThreadRecords.withRecord(seed: seed ^ 0xDE) { device.run($0) }
        }
        permanent = (0..<threads).map { number in
            PlainThread { [self] in
                // Half of them leave their registration to their first use of the engine.
                if number.isMultiple(of: 2) { return RCU.withRegisteredThread { work(number) } }
                work(number)
            }
        }
        let visitors = PlainThread { [self] in sendVisitors() }
        let signals = PlainThread { [self] in sendSignals() }
        let adopter = PlainThread { [self] in ThreadRecords.withRecord(seed: seed ^ 0xAD) { adoptSections($0) } }
        let forks = PlainThread { [self] in
            if Forks.arePossible { ThreadRecords.withRecord(seed: seed ^ 0xF0) { forkNowAndThen($0) } }
        }
        ThreadRecords.withRecord(seed: seed) { record in
            let end = Ticks.now + seconds * Ticks.perSecond
            repeat { liveOnce(until: end, record) } while Ticks.now < end
        }
        isOver.store(true, ordering: .relaxed)
        for thread in [visitors, signals, forks, adopter] + permanent { thread.join() }
        self.device.end()
        device.join()
        // A deferred unregistration may defer again.
        for _ in 0..<4 { RCU.barrier() }
        let held = spaces.count { $0.space != nil }
        if held > 0 { Verdict.fail(.leak, "\(held) of \(spaces.count) address spaces are left") }
    }

    /// One space, from its making to its end.
    private func liveOnce(until end: Int, _ record: ThreadRecord) {
        EngineDelays.draw(&record.random)
        let life = SpaceLife(kind, device: device, seed: record.random.next())
        Self.setLatest(life)
        Self.publish(life)
        // A thread starves for no longer than its space lives.
        let calms = Busted.is(.unfairLock) ? 1_000 : 3 + record.random.below(20)
        for _ in 0..<calms where Ticks.now < end {
            usleep(useconds_t(10_000 + record.random.below(60_000)))
            life.calm(record)
        }
        let isReleased = record.random.oneIn(3)
        if isReleased { life.release(record) }
        Self.publish(nil)
        while life.users.load(ordering: .acquiring) > 0 {
            life.calm(record)
            usleep(200)
        }
        life.end(wasReleased: isReleased, record)
        Self.setLatest(nil)
        spaces.append(FormerSpace(space: life.space))
    }

    private func work(_ number: Int) {
        ThreadRecords.withRecord(seed: seed &+ UInt64(number) &* 1_000_003) { record in
            if number == 0 { Self.victim.store(record.number, ordering: .relaxed) }
            while !isOver.load(ordering: .relaxed) { visit(record, operations: 64) }
        }
    }

    private func visit(_ record: ThreadRecord, operations: UInt64) {
        guard let life = Self.enter() else { return _ = usleep(500) }
        for _ in 0..<operations where !isOver.load(ordering: .relaxed) && Self.current() === life {
            Operations.runOne(on: life, record)
        }
        life.users.wrappingSubtract(1, ordering: .releasing)
    }

    /// Threads that come, never register themselves by a call, and go.
    private func sendVisitors() {
        var random = SeededRandom(seed: seed ^ 0xA0)
        while !isOver.load(ordering: .relaxed) {
            let seed = random.next()
            let visitors = (0..<1 + random.below(3)).map { number in
                PlainThread { [self] in
                    ThreadRecords.withRecord(seed: seed &+ number) { visit($0, operations: 1 + seed % 8) }
                }
            }
            usleep(useconds_t(random.below(10_000)))
            for visitor in visitors {
                visitor.join()
                Counts.visitors.count()
            }
        }
    }

    /// To the permanent threads, which block them outside of walks.
    private func sendSignals() {
        var random = SeededRandom(seed: seed ^ 0x51)
        while !isOver.load(ordering: .relaxed) {
            pthread_kill(permanent[Int(random.below(UInt64(permanent.count)))].handle, SIGUSR1)
            usleep(useconds_t(500 + random.below(3_000)))
        }
    }

    /// Ends the sections that are handed over, should all others wait for one, and notes when there is none.
    private func adoptSections(_ record: ThreadRecord) {
        while !isOver.load(ordering: .relaxed) {
            usleep(useconds_t(record.random.below(400)))
            guard let life = Self.enter() else { continue }
            life.adopt(record)
            life.noteWhetherIdle()
            life.users.wrappingSubtract(1, ordering: .releasing)
        }
    }

    private func forkNowAndThen(_ record: ThreadRecord) {
        while !isOver.load(ordering: .relaxed) {
            usleep(useconds_t(20_000 + record.random.below(200_000)))
            guard let life = Self.enter() else { continue }
            Forks.forkChild(of: life, record)
            life.users.wrappingSubtract(1, ordering: .releasing)
        }
    }
}
