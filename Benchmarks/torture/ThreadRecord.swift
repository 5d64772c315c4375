import Glibc
import TorturedDispatch

/// What a thread is doing, in the words of the report.
enum Step: Int {
    case nothing, operation, fault, walk, install, drop, start, section, end, register, unregister, insert,
        remove
    case get, put, age, defer_, synchronize, handOver, adopt, secondPass, callback, childsWork, idleCheck, signalled
    case forking, intervalFault

    var name: String {
        switch self {
        case .start: "start of a section"
        case .section: "section, open"
        case .end: "end of a section"
        case .defer_: "deferred call"
        case .handOver: "section handed over"
        case .adopt: "end of a section that another thread began"
        case .secondPass: "second pass"
        case .childsWork: "forked child"
        case .idleCheck: "check of the idle space"
        case .signalled: "fault of a signal handler"
        case .forking: "fork"
        case .intervalFault: "fault under an interval subscription"
        default: "\(self)"
        }
    }
}

/// One thread of the torture as the watchdog sees it: what it does, since when, for what it waits and which locks of the
/// driver it holds. The thread itself writes it, the watchdog reads it.
///
/// All is relaxed: the watchdog looks at threads that have been standing still for seconds.
final class ThreadRecord: Sendable {
    /// One step of a nest of steps: a walk inside a fault inside a section.
    struct Frame: ~Copyable {
        let step = Atomic<Int>(0)
        let startPage = Atomic<Int>(0)
        let endPage = Atomic<Int>(0)
        let sinceTick = Atomic<Int>(0)
    }

    static let depthLimit = 24
    static let heldLimit = 8

    let number: Int
    /// Whether a thread has it.
    let isTaken = Atomic<Bool>(false)
    /// 0 while the thread does nothing.
    let depth = Atomic<Int>(0)
    nonisolated(unsafe) private let frames: UnsafeMutablePointer<Frame>
    /// The lock or event of the driver that it waits for; 0 if none. See ``DriverLock/identity``.
    let waitsFor = Atomic<Int>(0)
    nonisolated(unsafe) private let held: UnsafeMutablePointer<Atomic<Int>>
    /// The flush whose acknowledgement it sleeps for.
    private let awaited = Atomic<UInt>(0)
    /// When it last began a step.
    let lastTick = Atomic<Int>(0)
    /// How often each step was begun, by all threads that have had the record.
    nonisolated(unsafe) private let counts: UnsafeMutablePointer<Atomic<UInt64>>
    /// Sections of this thread that are open: its walks must not wait for what is held around sections.
    nonisolated(unsafe) var openSections = 0
    /// Whether it holds the mapping lock.
    nonisolated(unsafe) var holdsMapping = false
    /// Whether it is inside a second pass, or a walk that invalidates: these do not nest further.
    nonisolated(unsafe) var isNested = false
    /// One for operations and one for the steps inside the engine; and two more for a signal handler, which may come in the
    /// middle of a draw.
    nonisolated(unsafe) private let generators: UnsafeMutablePointer<SeededRandom>
    /// Whether the thread runs a signal handler.
    nonisolated(unsafe) var isSignalled = false
    /// The space that it works on, for signal handlers. Held by the operation.
    nonisolated(unsafe) var life: Unmanaged<SpaceLife>?

    init(number: Int) {
        self.number = number
        generators = .allocate(capacity: 4)
        generators.initialize(repeating: SeededRandom(seed: 0), count: 4)
        frames = .allocate(capacity: Self.depthLimit)
        for index in 0..<Self.depthLimit { (frames + index).initialize(to: Frame()) }
        held = .allocate(capacity: Self.heldLimit)
        for index in 0..<Self.heldLimit { (held + index).initialize(to: Atomic(0)) }
        counts = .allocate(capacity: 64)
        for index in 0..<64 { (counts + index).initialize(to: Atomic(0)) }
    }

    /// Draws the thread's operations.
    var random: SeededRandom {
        _read { yield generators[isSignalled ? 2 : 0] }
        _modify { yield &generators[isSignalled ? 2 : 0] }
    }

    /// Draws the delays of the steps inside the engine.
    var delays: SeededRandom {
        _read { yield generators[isSignalled ? 3 : 1] }
        _modify { yield &generators[isSignalled ? 3 : 1] }
    }

    /// Begins all generators anew.
    func draw(from seed: UInt64) {
        for index in 0..<4 { generators[index] = SeededRandom(seed: seed &+ UInt64(index) &* 0x9E37) }
    }

    /// Does a step, which the watchdog then knows of.
    @inline(__always)
    func during<Result>(_ step: Step, _ pages: Range<Int> = 0..<0, _ body: () throws -> Result) rethrows -> Result {
        push(step, pages)
        defer { pop() }
        return try body()
    }

    func push(_ step: Step, _ pages: Range<Int>) {
        let index = depth.load(ordering: .relaxed)
        precondition(index < Self.depthLimit, "the torture nests its steps too deeply")
        counts[step.rawValue].wrappingAdd(1, ordering: .relaxed)
        frames[index].step.store(step.rawValue, ordering: .relaxed)
        frames[index].startPage.store(pages.lowerBound, ordering: .relaxed)
        frames[index].endPage.store(pages.upperBound, ordering: .relaxed)
        let now = Ticks.now
        frames[index].sinceTick.store(now, ordering: .relaxed)
        lastTick.store(now, ordering: .relaxed)
        depth.store(index + 1, ordering: .relaxed)
    }

    func pop() { depth.wrappingSubtract(1, ordering: .relaxed) }

    /// The step goes on as another one: a start becomes an open section.
    func turn(into step: Step) {
        frames[depth.load(ordering: .relaxed) - 1].step.store(step.rawValue, ordering: .relaxed)
    }

    func count(of step: Step) -> UInt64 { counts[step.rawValue].load(ordering: .relaxed) }

    // MARK: Locks

    func holds(_ identity: Int) {
        for index in 0..<Self.heldLimit where held[index].load(ordering: .relaxed) == 0 {
            return held[index].store(identity, ordering: .relaxed)
        }
        preconditionFailure("the torture holds too many locks at once")
    }

    func letsGo(_ identity: Int) {
        for index in 0..<Self.heldLimit where held[index].load(ordering: .relaxed) == identity {
            return held[index].store(0, ordering: .relaxed)
        }
        preconditionFailure("the torture gives a lock back that it does not hold")
    }

    func isHolding(_ identity: Int) -> Bool {
        for index in 0..<Self.heldLimit where held[index].load(ordering: .relaxed) == identity { return true }
        return false
    }

    var heldIdentities: [Int] {
        (0..<Self.heldLimit).map { held[$0].load(ordering: .relaxed) }.filter { $0 != 0 }
    }

    /// It sleeps until the flush is acknowledged; `nil`: no more.
    func awaits(_ request: FlushRequest?) {
        awaited.store(
            request.map { UInt(bitPattern: Unmanaged.passUnretained($0).toOpaque()) } ?? 0, ordering: .relaxed)
        waitsFor.store(request?.identity ?? 0, ordering: .relaxed)
    }

    /// Whether it sleeps for something that has happened. Only to be asked of a thread that stands still: what it waits for
    /// lives as long as it waits.
    var hasMissedItsWakeUp: Bool {
        guard let request = UnsafeRawPointer(bitPattern: awaited.load(ordering: .relaxed)) else { return false }
        return Unmanaged<FlushRequest>.fromOpaque(request).takeUnretainedValue().isDone
    }

    // MARK: The watchdog's look

    struct Look {
        let step: Step
        let pages: Range<Int>
        let sinceTick: Int
    }

    /// The nest of steps, the outermost first.
    var looks: [Look] {
        let count = isTaken.load(ordering: .acquiring) ? max(0, depth.load(ordering: .relaxed)) : 0
        return (0..<count).map { index in
            let start = frames[index].startPage.load(ordering: .relaxed)
            return Look(
                step: Step(rawValue: frames[index].step.load(ordering: .relaxed)) ?? .nothing,
                pages: start..<max(start, frames[index].endPage.load(ordering: .relaxed)),
                sinceTick: frames[index].sinceTick.load(ordering: .relaxed))
        }
    }
}

/// The records of all threads.
enum ThreadRecords {
    static let all: [ThreadRecord] = (0..<512).map { ThreadRecord(number: $0) }

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let status = pthread_key_create(&key, nil)
        precondition(status == 0, "pthread_key_create failed with error \(status)")
        return key
    }()

    /// The calling thread's; `nil` for threads that are not the torture's, such as liburcu's.
    static var mineIfAny: ThreadRecord? {
        pthread_getspecific(key).map { Unmanaged<ThreadRecord>.fromOpaque($0).takeUnretainedValue() }
    }

    static var mine: ThreadRecord {
        guard let record = mineIfAny else { preconditionFailure("a thread of the torture has no record") }
        return record
    }

    /// Gives the calling thread a record for as long as `body` runs, and a generator of its own.
    static func withRecord<Result>(seed: UInt64, _ body: (ThreadRecord) throws -> Result) rethrows -> Result {
        guard let record = all.first(where: { !$0.isTaken.exchange(true, ordering: .acquiringAndReleasing) }) else {
            preconditionFailure("more than \(all.count) threads at once")
        }
        record.draw(from: seed)
        pthread_setspecific(key, Unmanaged.passUnretained(record).toOpaque())
        defer {
            pthread_setspecific(key, nil)
            record.isTaken.store(false, ordering: .releasing)
        }
        return try body(record)
    }

    /// How often a step was begun in all.
    static func count(of step: Step) -> UInt64 { all.reduce(0) { $0 + $1.count(of: step) } }
}
