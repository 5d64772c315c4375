import CPlatform
import Glibc
import Synchronization

/// Some pages of one part that belong to the faulter, each of which faults at its next touch.
struct PagesToTouch {
    let first: UnsafeMutableRawPointer
    let count: Int
    /// What a touch writes.
    let stamp: UInt64
    /// What a touch must find.
    let expected: UInt64
    /// Whether the pages are copied, so that the rest of each must be as it was.
    let areCopied: Bool

    /// Writes to a page; `false` if it was not as a dropped or copied page must be.
    @inline(__always)
    func touch(_ page: Int) -> Bool {
        let address = first + page &* KernelMemory.pageSize
        // Relaxed: the turn's release and acquire order what threads do to a page.
        let found = KernelMemory.word(of: address).pointee.exchange(stamp, ordering: .relaxed)
        guard areCopied else { return found == expected }
        let witness = (address + KernelMemory.witnessOffset).load(as: UInt64.self)
        return found == expected && witness == KernelMemory.witness(of: address)
    }
}

/// A faulter's way through its area, part by part and round again: it waits for each part until that was dropped, and hands
/// it back when all of its pages are touched.
struct TouchedArea {
    /// Pages between two looks at the phase.
    private static let batch = 16

    private let memory: KernelMemory
    private let area: Int
    private let control: StormControl
    private var part = 0
    /// Pages of the part that were touched.
    private var touched = 0
    /// The part's turn; `nil` while it does not belong to the faulter.
    private var turn: UInt64?
    /// The turn of the part that the faulter drops itself.
    private var ownTurn: UInt64 = 1

    init(_ memory: KernelMemory, area: Int, control: StormControl) {
        self.memory = memory
        self.area = area
        self.control = control
    }

    /// The next pages; `nil` if the phase ends before there are some.
    mutating func next(in phase: StormControl.Phase) -> PagesToTouch? {
        if touched == memory.work.pagesPerPart { handBack() }
        guard let turn = turn ?? take(in: phase) else { return nil }
        let count = min(Self.batch, memory.work.pagesPerPart - touched)
        let first = memory.start(area: area, part: part) + touched * KernelMemory.pageSize
        touched += count
        let areCopied = memory.work.fate == .copied
        // A copied page still has what the last touch wrote: nothing at first.
        return PagesToTouch(
            first: first, count: count, stamp: turn + 1, expected: areCopied ? turn - 1 : 0, areCopied: areCopied)
    }

    /// Release, to the invalidator's acquire: the part's touches are over.
    private mutating func handBack() {
        if memory.work.invalidates, let turn {
            memory.turn(area: area, part: part).pointee.store(turn + 1, ordering: .releasing)
        }
        turn = nil
        touched = 0
        part = part + 1 < memory.parts ? part + 1 : 0
    }

    /// Waits for the part. The wait ends with the phase, which the run's leader ends.
    private mutating func take(in phase: StormControl.Phase) -> UInt64? {
        if !memory.work.invalidates {
            memory.drop(memory.start(area: area, part: part))
            turn = ownTurn
            ownTurn += 2
            return turn
        }
        let word = memory.turn(area: area, part: part)
        var spins = 0
        while true {
            // Acquire, from the invalidator's release: its calls have returned.
            let found = word.pointee.load(ordering: .acquiring)
            if found & 1 == 1 {
                turn = found
                return found
            }
            if control.phase != phase { return nil }
            // Whoever drops the part may wait for this core.
            spins += 1
            if spins & 255 == 0 { sched_yield() } else { cplatform_spin_hint() }
        }
    }
}

/// A thread that touches pages, each of which faults.
///
/// Its time is the time in which it touches: while it waits for a part, or drops its own, its clock stands still.
struct KernelFaulter {
    let number: Int
    let memory: KernelMemory
    let control: StormControl
    let clock: TickClock
    let seed: UInt64

    /// Works through all phases. Returns what it did in the window, and its touches a tick in the second half of the window
    /// divided by those in the first.
    func run(atWindow: (_ isOpening: Bool) -> Void) -> (tally: FaulterTally, trend: Double?) {
        var area = TouchedArea(memory, area: number, control: control)
        load(&area, in: .warmUp)
        atWindow(true)
        let (tally, trend) = measure(&area)
        atWindow(false)
        control.leaveWindow()
        load(&area, in: .coolDown)
        return (tally, trend)
    }

    /// Touches unrecorded.
    private func load(_ area: inout TouchedArea, in phase: StormControl.Phase) {
        while control.phase == phase, let pages = area.next(in: phase) {
            var stale: UInt64 = 0
            for page in 0..<pages.count where !pages.touch(page) { stale += 1 }
            if stale != 0 { memory.count(stale: stale) }
            if phase == .warmUp { control.countWarmUp(faults: UInt64(pages.count), by: number) }
        }
    }

    /// Touches recorded while the window is open, one of each round timed: ``FaultSampling`` says how many come before it.
    @inline(never)
    private func measure(_ area: inout TouchedArea) -> (FaulterTally, Double?) {
        var tally = FaulterTally(measuresWaits: false)
        var sampling = FaultSampling(
            highestShift: control.samplingShift, clock: clock, random: RandomSequence(seed: seed, stream: number))
        let middle = control.windowMiddleTicks
        var untimed = sampling.untimedFaults()
        var faults = 0
        var stale: UInt64 = 0
        var touchedTicks: UInt64 = 0
        var (faultsBeforeMiddle, ticksBeforeMiddle) = (0, UInt64(0))
        // When the last timed touch ended, put off by all time without touches since.
        var roundStart = clock.now()
        var lastEnd = roundStart
        while let pages = area.next(in: .window) {
            let begin = clock.now()
            roundStart &+= begin &- lastEnd
            for page in 0..<pages.count {
                if untimed > 0 {
                    untimed -= 1
                    if !pages.touch(page) { stale += 1 }
                    continue
                }
                let before = clock.fencedNow()
                let isNew = pages.touch(page)
                let after = clock.fencedNow()
                if isNew { tally.recordLatency(clock.nanoseconds(after &- before)) } else { stale += 1 }
                tally.longestTicks = max(tally.longestTicks, before &- roundStart, after &- before)
                sampling.adapt(toRoundOf: after &- roundStart)
                roundStart = after
                untimed = sampling.untimedFaults()
            }
            faults += pages.count
            lastEnd = clock.now()
            touchedTicks &+= lastEnd &- begin
            if lastEnd < middle { (faultsBeforeMiddle, ticksBeforeMiddle) = (faults, touchedTicks) }
            if control.phase != .window { break }
        }
        if stale != 0 { memory.count(stale: stale) }
        // A touch of a page that did not go is no fault.
        tally.add(
            faults: faults - Int(stale), beforeMiddle: faultsBeforeMiddle, retries: 0, fallbacks: 0, longestWait: 0)
        tally.windowTicks = touchedTicks
        let rateBefore = Double(faultsBeforeMiddle) / Double(ticksBeforeMiddle)
        let rateBehind = Double(faults - faultsBeforeMiddle) / Double(touchedTicks - ticksBeforeMiddle)
        let trend = rateBehind / rateBefore
        return (tally, trend.isFinite && trend > 0 ? trend : nil)
    }
}
