import CPlatform
import NotifierDispatch

/// A thread that touches memory, and sleeps in the kernel until what is missing is served.
///
/// A touch that found its page there is no fault. The thread's own count of page faults tells, which it looks at after each
/// touch that took longer than any touch of a page that is there and in a cache; no fault is as short.
struct UserFaultToucher: Sendable {
    /// Its number among the faulters, from 0.
    let number: Int
    let control: StormControl
    let clock: TickClock
    let region: UserFaultRegion
    let dropper: UserFaultDropper
    var pages: Pages

    /// Touches shorter than this, in nanoseconds, are no faults: the processor alone takes longer to get into the kernel
    /// and back.
    private static let shortestFaultNanoseconds: UInt64 = 100

    /// Which pages it touches, one after the other, for ever.
    enum Pages: Sendable {
        /// Any of so many.
        case anywhere(of: Int, RandomSequence)
        /// Those of a range, in order; dropped at the end.
        case inOrder(of: InvalidationRange, next: Int)

        init(_ work: UserFaultWork, toucher: Int, of touchers: Int, seed: UInt64) {
            switch work.touches {
            case .anywhere: self = .anywhere(of: work.pages, RandomSequence(seed: seed, stream: toucher))
            case .ownPartInOrder:
                let start = toucher * work.pages / touchers
                guard let part = InvalidationRange(pages: start..<(toucher + 1) * work.pages / touchers) else {
                    preconditionFailure("more threads than pages")
                }
                self = .inOrder(of: part, next: start)
            }
        }
    }

    /// What a toucher did: as a faulter, and how long its faults took together.
    struct Result: Sendable {
        var tally: FaulterTally
        var faultTicks: UInt64 = 0
    }

    /// Works through all phases.
    mutating func run(atWindow: (_ isOpening: Bool) -> Void) -> Result {
        var faults = FaultCount()
        while control.phase == .warmUp {
            if touch(&faults) != nil { control.countWarmUp(faults: 1, by: number) }
        }
        var result = Result(tally: FaulterTally(measuresWaits: true))
        var faulted = (all: 0, beforeMiddle: 0)
        let middle = control.windowMiddleTicks
        atWindow(true)
        // At least one fault, if there is any, also where the thread got no core before the window closed.
        repeat {
            guard let ticks = touch(&faults) else { continue }
            result.tally.recordLatency(clock.nanoseconds(ticks))
            result.tally.longestTicks = max(result.tally.longestTicks, ticks)
            result.faultTicks += ticks
            faulted.all += 1
            if clock.now() < middle { faulted.beforeMiddle += 1 }
            faults = FaultCount()
        } while control.phase == .window || (faulted.all == 0 && control.phase < .stopped)
        result.tally.windowTicks = clock.now() &- control.windowStartTicks
        atWindow(false)
        control.leaveWindow()
        result.tally.add(
            faults: faulted.all, beforeMiddle: faulted.beforeMiddle, retries: 0, fallbacks: 0, longestWait: 0)
        while control.phase < .stopped { _ = touch(&faults) }
        return result
    }

    /// How many page faults the calling thread has had so far.
    private struct FaultCount: Equatable {
        var count = cplatform_read_thread_usage().page_faults
    }

    /// Touches the next page and checks what it holds. Returns how long that took if it faulted. `faults` is the count
    /// up to now.
    private mutating func touch(_ faults: inout FaultCount) -> UInt64? {
        let page = nextPage()
        let floor = region.floor(of: page)
        let start = clock.fencedNow()
        let version = region.touch(page)
        let ticks = clock.fencedNow() &- start
        guard clock.nanoseconds(ticks) >= Self.shortestFaultNanoseconds else {
            region.check(page, version: version, floor: floor)
            return nil
        }
        let after = FaultCount()
        defer { faults = after }
        // What a fault has brought is looked at again: a drop may have ended since it began, and what a handler installed
        // behind it is stale from then on.
        if !region.check(page, version: version, floor: floor) {
            let floor = region.floor(of: page)
            region.check(page, version: region.touch(page), floor: floor)
        }
        return after == faults ? nil : ticks
    }

    private mutating func nextPage() -> Int {
        switch pages {
        case .anywhere(let count, var random):
            let page = random.below(count)
            pages = .anywhere(of: count, random)
            return page
        case .inOrder(let part, var next):
            if next == part.endPage {
                dropper.drop(part)
                next = part.startPage
            }
            pages = .inOrder(of: part, next: next + 1)
            return next
        }
    }
}

/// How pages are dropped, depending on which thread opens the sections: what an invalidator does, a balloon or a storm.
struct UserFaultDropper: InvalidationWork {
    let region: UserFaultRegion
    let space: StormSpace
    let source: UserFaultWork.Source

    func carryOut(_ arrival: ArrivalSequence.Arrival) -> Bool {
        drop(arrival.range)
        return true
    }

    /// Drops pages: from the return on, nobody may see what they held.
    func drop(_ range: InvalidationRange) {
        switch source {
        case .caller:
            let versions = space.notifiers.invalidate(range, event: .clear) {
                space.change(range)
                // Those of other open sections count too: nothing is installed until they have all ended.
                let versions = range.pages.map { space.walk($0) }
                region.drop(range)
                region.checkNothingResident(in: range)
                return versions
            }
            for (page, version) in zip(range.pages, versions) { region.raiseFloor(of: page, to: version) }
        case .events:
            // Whoever reads the event raises the version, maybe after the call has returned, but before anybody installs.
            let versions = range.pages.map { space.walk($0) }
            region.drop(range)
            for (page, version) in zip(range.pages, versions) { region.raiseFloor(of: page, to: version + 1) }
        }
    }
}
