import NotifierDispatch

/// The invalidations of one thread, one after the other, for ever.
struct ArrivalSequence: Sendable {
    struct Arrival {
        let range: InvalidationRange
        let event: InvalidationEvent
        /// When it should start, in ticks; `nil` for as soon as possible.
        let intendedTicks: UInt64?
    }

    private let scenario: Scenario
    private let speed: Double
    private var random: RandomSequence
    /// The intended start of the arrival before, in ticks as a real number, so that gaps below a tick add up.
    private var previousTicks: Double?
    /// The number of the next arrival in the order that all invalidators share, and how many share it: each takes one
    /// in `stride`, of a trace, of steps through the space, and of the turns of paced arrivals.
    private var step: Int
    private let stride: Int
    /// How many of the present burst are still to come.
    private var leftOfBurst = 0

    init(scenario: Scenario, speed: Double, seed: UInt64, stream: Int, invalidator: Int, of invalidators: Int) {
        self.scenario = scenario
        self.speed = speed
        random = RandomSequence(seed: seed, stream: stream)
        step = invalidator
        stride = invalidators
    }

    mutating func next(clock: TickClock) -> Arrival {
        switch scenario.arrivals {
        case .none: preconditionFailure("a scenario without invalidations has no invalidators")
        case .backToBack: return synthetic(at: nil)
        case .poisson(let perSecond):
            return synthetic(at: nextTime(after: random.exponential(mean: 1 / perSecond), clock: clock))
        case .paced(let perSecond):
            let turns = previousTicks == nil ? step + 1 : stride
            return synthetic(at: nextTime(after: Double(turns) / perSecond, clock: clock))
        case .bursts(let size, let perSecond):
            if leftOfBurst > 0 {
                leftOfBurst -= 1
                return synthetic(at: nil)
            }
            leftOfBurst = size - 1
            return synthetic(at: nextTime(after: 1 / perSecond, clock: clock))
        case .trace(let trace): return nextStep(of: trace, clock: clock)
        }
    }

    /// The intended start that lies so many seconds behind the one before; behind now where there is none.
    private mutating func nextTime(after seconds: Double, clock: TickClock) -> UInt64 {
        let intended = (previousTicks ?? Double(clock.now())) + seconds * 1_000_000_000 / clock.nanosecondsPerTick
        previousTicks = intended
        return UInt64(intended)
    }

    /// An invalidation of the scenario's own.
    private mutating func synthetic(at intendedTicks: UInt64?) -> Arrival {
        Arrival(range: nextRange(), event: scenario.event, intendedTicks: intendedTicks)
    }

    /// A range of the scenario's size, where the scenario places it in the part of the space that it invalidates.
    private mutating func nextRange() -> InvalidationRange {
        let size = scenario.pagesPerInvalidation
        let start: Int
        switch scenario.placement {
        case .anywhere: start = random.below(scenario.hotPages - size + 1)
        case .inSteps:
            start = step % (scenario.hotPages / size) * size
            step += stride
        }
        guard let range = InvalidationRange(pages: start..<start + size) else {
            preconditionFailure("a scenario invalidates no pages")
        }
        return range
    }

    private mutating func nextStep(of trace: Trace, clock: TickClock) -> Arrival {
        let current = trace.steps[step % trace.steps.count]
        var intended: UInt64?
        if speed > 0 {
            // The gap to the step before, also over the jump back to the start, where it is the first step's own time.
            let isFirst = step % trace.steps.count < stride
            let before = isFirst ? 0 : trace.steps[step % trace.steps.count - stride].nanoseconds
            let gap = Double(current.nanoseconds - before) / 1_000_000_000 / speed
            intended = nextTime(after: gap, clock: clock)
        }
        step += stride
        return Arrival(range: current.range, event: current.event, intendedTicks: intended)
    }
}
