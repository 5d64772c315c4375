import Glibc
import TestThreads
import TorturedDispatch

/// A thread that counts time for the torture and looks whether every operation goes on. If one does not, it says which
/// threads stand still, what each waits for and who holds it, and ends the process.
///
/// It counts its own wake-ups and not the clock: while the whole process is stopped, nothing passes.
enum Watchdog {
    /// How many ticks an operation may take. Written before there are threads.
    nonisolated(unsafe) static var limit = 30 * Ticks.perSecond
    private static let isOver = Atomic<Bool>(false)

    /// Starts it, with a status line every five seconds.
    static func start() -> PlainThread {
        isOver.store(false, ordering: .relaxed)
        return PlainThread {
            var lastStatus = Ticks.now
            while !isOver.load(ordering: .relaxed) {
                usleep(useconds_t(1_000_000 / Ticks.perSecond))
                Ticks.advance()
                look()
                if Ticks.now - lastStatus >= 5 * Ticks.perSecond {
                    lastStatus = Ticks.now
                    sayStatus()
                }
            }
        }
    }

    static func end() { isOver.store(true, ordering: .relaxed) }

    private static func sayStatus() {
        func of(_ step: Step) -> UInt64 { ThreadRecords.count(of: step) }
        Verdict.say(
            "torture: \(Ticks.seconds) s, \(Verdict.guardName): \(of(.fault)) faults (\(Counts.busy.now) busy), "
                + "\(of(.start)) sections (\(Counts.refusedStarts.now) refused), \(Counts.registered.now) registrations, "
                + "\(Counts.lives.now) spaces, \(Counts.children.now) children, \(Counts.signals.now) signals, "
                + "\(Counts.delays.now) delays")
    }

    // MARK: Who stands still

    private struct Stuck {
        let record: ThreadRecord
        let looks: [ThreadRecord.Look]
        let waitsFor: Int
        var top: ThreadRecord.Look { looks[looks.count - 1] }
    }

    private static func look() {
        let busy = ThreadRecords.all.compactMap { record -> Stuck? in
            let looks = record.looks
            return looks.isEmpty
                ? nil : Stuck(record: record, looks: looks, waitsFor: record.waitsFor.load(ordering: .relaxed))
        }
        func standsStill(_ thread: Stuck, for ticks: Int) -> Bool { Ticks.now - thread.looks[0].sinceTick > ticks }
        // A child ends by itself, and says what is wrong.
        let stuck = busy.filter { $0.top.step != .childsWork && standsStill($0, for: limit) }
        guard !stuck.isEmpty else { return }
        // The thread that all others wait for may have begun a little later than the first of them.
        let suspects = busy.filter { standsStill($0, for: limit / 2) }
        let fault = kind(of: suspects, among: busy)
        if fault == .starvation, Workers.lastOne()?.kind.starvesSections == true { return }
        for thread in suspects { Verdict.say(describe(thread, among: busy)) }
        Verdict.fail(fault, "\(stuck.count) of \(busy.count) operations did not end in \(limit / Ticks.perSecond) s")
    }

    /// The threads that hold what a thread waits for. If it waits inside the engine: those that may keep it waiting.
    private static func holders(of thread: Stuck, among busy: [Stuck]) -> [Stuck] {
        if thread.waitsFor != 0 { return busy.filter { $0.record.isHolding(thread.waitsFor) } }
        let others = busy.filter { $0.record.number != thread.record.number }
        switch thread.top.step {
        case .fault, .signalled, .intervalFault, .remove:
            return others.filter { other in other.looks.contains { $0.step == .section } }
        case .start, .unregister, .register:
            // A guard may hold a lock over these, or from start to end.
            return others.filter { other in other.looks.contains { [.section, .walk, .install].contains($0.step) } }
        default: return []
        }
    }

    private static func kind(of stuck: [Stuck], among busy: [Stuck]) -> Fault {
        if stuck.contains(where: { $0.record.hasMissedItsWakeUp }) { return .lostWakeUp }
        if stuck.contains(where: { isInCycle($0, among: stuck) }) { return .deadlock }
        if let life = Workers.lastOne(),
            let thread = stuck.first(where: { sleepsThroughIdleTimes($0, of: life) })
                ?? stuck.first(where: { isInFault($0) && holders(of: $0, among: busy).isEmpty })
        {
            // It waits for the end of sections, and there is none: was it not told, or is a count still raised?
            return isServed(as: thread, by: life) ? .lostWakeUp : .leakedCount
        }
        let isMoving = busy.contains { Ticks.now - $0.looks[0].sinceTick < Ticks.perSecond }
        return isMoving ? .starvation : .noProgress
    }

    private static func isInCycle(_ thread: Stuck, among busy: [Stuck]) -> Bool {
        var (seen, waiting) = (Set<Int>(), holders(of: thread, among: busy))
        while let next = waiting.popLast() {
            if next.record.number == thread.record.number { return true }
            if seen.insert(next.record.number).inserted { waiting += holders(of: next, among: busy) }
        }
        return false
    }

    /// Whether a thread waits inside the engine, and has done nothing although the space had no section for an instant, a
    /// second or more after its last step.
    private static func sleepsThroughIdleTimes(_ thread: Stuck, of life: SpaceLife) -> Bool {
        let idleTick = life.idleTick.load(ordering: .relaxed)
        return thread.waitsFor == 0
            && [.fault, .signalled, .intervalFault, .remove, .unregister].contains(thread.top.step)
            && idleTick - thread.record.lastTick.load(ordering: .relaxed) > Ticks.perSecond
    }

    private static func isInFault(_ thread: Stuck) -> Bool {
        thread.waitsFor == 0 && [.fault, .signalled].contains(thread.top.step)
    }

    /// Whether a new fault of the same page comes through where no section is begun.
    private static func isServed(as thread: Stuck, by life: SpaceLife) -> Bool {
        life.isCalm.store(true, ordering: .relaxed)
        for _ in 0..<20 where life.openSections.load(ordering: .relaxed) > 0 { usleep(100_000) }
        let isServed = Count()
        let page = min(thread.top.pages.lowerBound, PageTable.count - 1)
        _ = PlainThread {
            ThreadRecords.withRecord(seed: 1) { _ in
                for cache in life.caches {
                    let status = cache.fault(at: page, as: .slot) { _ in }
                    // A released space answers as well.
                    if status != .installed, status != .dead { return }
                }
                isServed.count()
            }
        }
        for _ in 0..<20 where isServed.now == 0 { usleep(100_000) }
        return isServed.now > 0
    }

    /// What one thread does, and since when.
    static func description(of record: ThreadRecord) -> String {
        let waitsFor = record.waitsFor.load(ordering: .relaxed)
        return describe(Stuck(record: record, looks: record.looks, waitsFor: waitsFor), among: [])
    }

    private static func describe(_ thread: Stuck, among busy: [Stuck]) -> String {
        let steps = thread.looks.map { look in
            let pages = look.pages.isEmpty ? "" : " of pages \(look.pages)"
            return "\(look.step.name)\(pages) for \((Ticks.now - look.sinceTick) / Ticks.perSecond) s"
        }
        var line = "  thread \(thread.record.number): " + steps.joined(separator: ", in it ")
        let numbers = holders(of: thread, among: busy).map { "\($0.record.number)" }.joined(separator: ", ")
        if thread.waitsFor != 0 {
            let done = thread.record.hasMissedItsWakeUp ? ", which has come" : ""
            line += "; waits for \(DriverLock.name(of: thread.waitsFor))\(done)"
            line += numbers.isEmpty ? ", which no thread holds" : ", held by thread \(numbers)"
        } else if !numbers.isEmpty {
            line += "; may wait for thread \(numbers)"
        }
        let held = thread.record.heldIdentities.map(DriverLock.name).joined(separator: ", ")
        return held.isEmpty ? line : line + "; holds \(held)"
    }
}
