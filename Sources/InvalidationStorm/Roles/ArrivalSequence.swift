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
    /// A trace's next step and its stride: several invalidators share the steps out.
    private var step: Int
    private let stride: Int

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
        case .backToBack: return Arrival(range: randomRange(), event: .clear, intendedTicks: nil)
        case .poisson(let perSecond):
            let gap = random.exponential(mean: 1_000_000_000 / perSecond / clock.nanosecondsPerTick)
            let intended = (previousTicks ?? Double(clock.now())) + gap
            previousTicks = intended
            return Arrival(range: randomRange(), event: .clear, intendedTicks: UInt64(intended))
        case .trace(let trace): return nextStep(of: trace, clock: clock)
        }
    }

    /// A range of the scenario's size anywhere in the part of the space that it invalidates.
    private mutating func randomRange() -> InvalidationRange {
        let size = scenario.pagesPerInvalidation
        let start = random.below(scenario.hotPages - size + 1)
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
            let gap = Double(current.nanoseconds - before) / speed / clock.nanosecondsPerTick
            previousTicks = (previousTicks ?? Double(clock.now())) + gap
            intended = previousTicks.map { UInt64($0) }
        }
        step += stride
        return Arrival(range: current.range, event: current.event, intendedTicks: intended)
    }
}
