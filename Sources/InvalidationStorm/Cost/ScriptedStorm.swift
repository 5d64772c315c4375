import CCoherence
import Glibc
import NotifierDispatch

/// A guard under a script: threads act as the cores of a ``VirtualMachine``, one at a time, and the valgrind tool in
/// Benchmarks/coherence counts what they do.
///
/// The guard, the space and the faults are those of ``Storm``. What differs is who runs when: the threads pass a baton, so
/// that every run goes the same way.
public enum ScriptedStorm {
    /// Whether this process runs under the tool that counts. Forgets what it has counted.
    public static var isCounted: Bool { coherence_request(COHERENCE_RESET, 0, 0, 0) == 1 }

    /// Plays `work` on `machine` and returns what was counted, in the order of addresses; nothing where the tool is not
    /// there.
    @inlinable
    static func run<Guard: TranslationGuard>(
        _ work: ScriptedWork, on machine: VirtualMachine, makeGuard: @escaping @Sendable (StormSpace) -> Guard
    ) -> [CountedInstruction] {
        let device = Device(pageTable: PageTable(pages: ScriptedWork.pages), makeGuard: makeGuard)
        return run(work, on: machine, device: device) { turns in fault(on: device, turns) }
    }

    /// All turns of a faulter.
    @inlinable
    static func fault<Guard: TranslationGuard>(on device: Device<Guard>, _ turns: ScriptedTurns) {
        let cache = device.cache
        let tables = cache.tables(for: nil)
        var pages = turns.pages
        turns.forEach(as: .fault) { kind in
            let page = pages.next()
            turns.beginSpan(kind)
            _ = fault(cache, at: page, in: tables)
            turns.endSpan()
        }
    }

    /// One fault, as the storm's loops have it.
    @inlinable @inline(never)
    static func fault<Guard: TranslationGuard>(
        _ cache: GuardedCache<Guard>, at page: Int, in tables: GuardedCache<Guard>.Tables
    ) -> FaultOutcome {
        cache.fault(at: page, in: tables)
    }

    /// All turns of an invalidator.
    private static func invalidate(_ space: StormSpace, _ turns: ScriptedTurns) {
        var arrivals = turns.arrivals
        turns.forEach(as: .invalidation) { kind in
            let invalidation = Invalidation(range: arrivals.next().range, event: .clear)
            turns.beginSpan(kind)
            invalidate(space, invalidation)
            turns.endSpan()
        }
    }

    /// One invalidation: start, change, end, as the storm's invalidators have it but for their check.
    @inline(never)
    private static func invalidate(_ space: StormSpace, _ invalidation: Invalidation) {
        guard let section = space.notifiers.invalidateRangeStart(invalidation) else {
            preconditionFailure("an invalidation that may block was refused")
        }
        space.change(invalidation.range)
        space.notifiers.invalidateRangeEnd(section)
    }

    /// The part that does not depend on the guard's type.
    @usableFromInline
    static func run(
        _ work: ScriptedWork, on machine: VirtualMachine, device: any AttachableDevice,
        faulterBody: @escaping @Sendable (ScriptedTurns) -> Void
    ) -> [CountedInstruction] {
        let lives = RCU.withRegisteredThread {
            SpaceLives(scenario: work.scenario, pairing: .targetedUndo, device: device)
        }
        defer { RCU.withRegisteredThread { lives.end() } }
        _ = isCounted
        let baton = Baton(holders: machine.cores + 1)
        let order = ScriptedTurns.order(on: machine)
        // Threads begin and end one by one, so that they find the same memory each time.
        let threads = (0..<machine.cores).map { core in
            let turns = ScriptedTurns(of: core, in: work, on: machine, order: order, baton: baton)
            let thread = RoleThread("core \(core)", on: .anywhere) {
                NUMANode.countThisThread(to: machine.node(of: core))
                baton.pass(to: machine.cores)
                core < work.faulters(of: machine.cores) ? faulterBody(turns) : invalidate(lives.space, turns)
                baton.wait(as: core)
            }
            baton.wait(as: machine.cores)
            return thread
        }
        baton.pass(to: order[0])
        baton.wait(as: machine.cores)
        let counted = CountedInstruction.all()
        for (core, thread) in threads.enumerated() {
            baton.pass(to: core)
            thread.join()
        }
        return counted
    }
}

/// The turns of one core. All cores have one in each round, in an order at random; the first half of the rounds warms up.
@usableFromInline
struct ScriptedTurns: Sendable {
    private let core: Int
    private let work: ScriptedWork
    private let machine: VirtualMachine
    private let order: [Int]
    private let baton: Baton

    /// For the core `core`; `order` is the same for all.
    fileprivate init(
        of core: Int, in work: ScriptedWork, on machine: VirtualMachine, order: [Int], baton: Baton
    ) {
        self.core = core
        self.work = work
        self.machine = machine
        self.order = order
        self.baton = baton
    }

    /// Whose turn it is, turn after turn; the last one is that of who has started the script.
    static func order(on machine: VirtualMachine) -> [Int] {
        var random = RandomSequence(seed: 1, stream: machine.cores)
        let rounds = (0..<2 * ScriptedWork.turns(of: machine.cores)).flatMap { _ in
            // Fisher and Yates's shuffle.
            (0..<machine.cores).reversed().reduce(into: Array(0..<machine.cores)) { cores, last in
                cores.swapAt(last, random.below(last + 1))
            }
        }
        return rounds + [machine.cores]
    }

    /// What the tool is told a span is: the operation, or warm-up.
    @usableFromInline
    struct Kind {
        let number: UInt64
        let core: UInt64
        let node: UInt64
    }

    /// Where its faults fall.
    @usableFromInline
    var pages: PageChoice { PageChoice(scenario: work.scenario, seed: 1, stream: core) }

    /// Where its invalidations fall.
    var arrivals: ArrivalSequence {
        ArrivalSequence(
            scenario: work.scenario, speed: 0, seed: 1, stream: core, invalidator: 0, of: 1, from: 0, clock: .calibrated
        )
    }

    /// Calls `body` whenever it is this core's turn, with what to call the span of its operation.
    @usableFromInline
    func forEach(as operation: CountedOperation, _ body: (Kind) -> Void) {
        let warmUpEnd = (order.count - 1) / 2
        for turn in order.indices where order[turn] == core {
            baton.wait(as: core)
            let number = turn < warmUpEnd ? CountedInstruction.warmUp : CountedInstruction.number(of: operation)
            body(Kind(number: number, core: UInt64(core), node: UInt64(machine.node(of: core))))
            baton.pass(to: order[turn + 1])
        }
    }

    /// What the calling function calls from here on is counted, until ``endSpan()``.
    @usableFromInline @inline(__always)
    func beginSpan(_ kind: Kind) {
        _ = coherence_request(COHERENCE_BEGIN, kind.core, kind.node, kind.number)
    }

    /// Nothing is counted any more.
    @usableFromInline @inline(__always)
    func endSpan() { _ = coherence_request(COHERENCE_END, 0, 0, 0) }
}

/// Says whose turn it is: one holder at a time has it.
private final class Baton: @unchecked Sendable {
    // @unchecked: semaphores are made for being shared, and stay where they are.
    private let turns: UnsafeMutableBufferPointer<sem_t>

    /// Nobody has it yet.
    init(holders: Int) {
        turns = .allocate(capacity: holders)
        for holder in 0..<holders { sem_init(&turns[holder], 0, 0) }
    }

    deinit {
        turns.indices.forEach { sem_destroy(&turns[$0]) }
        turns.deallocate()
    }

    /// Hands it on.
    func pass(to holder: Int) { sem_post(turns.baseAddress! + holder) }

    /// Waits until somebody passes it to `holder`.
    func wait(as holder: Int) { while sem_wait(turns.baseAddress! + holder) != 0 {} }
}
