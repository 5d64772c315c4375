import NotifierDispatch
import RecordedEvents

/// The invalidations of one thread, one after the other, for ever.
struct ArrivalSequence: Sendable {
    struct Arrival {
        let range: InvalidationRange
        let event: InvalidationEvent
        /// When it should start, in ticks; `nil` for as soon as possible.
        let intendedTicks: UInt64?
    }

    private let scenario: Scenario
    private var random: RandomSequence
    private var times: Times
    /// The number of the next arrival in the order that all invalidators share, and how many share it: each takes one
    /// in `stride`, of a trace, of steps through the space, and of the turns of paced arrivals.
    private var step: Int
    private let stride: Int
    /// How many of the present burst are still to come.
    private var leftOfBurst = 0

    /// Where intended starts come from.
    private enum Times {
        /// There are none: each invalidation starts as soon as the one before has ended.
        case none
        /// Each invalidation, or the first of each burst, has the next one.
        case given(ArrivalTimes)
        /// A trace's own, so many ticks to its nanosecond, behind `previous`.
        case recorded(ticksPerNanosecond: Double, previous: Double)
    }

    /// The share of one of `invalidators`. Intended starts lie behind `origin`, in ticks.
    init(
        scenario: Scenario, speed: Double, seed: UInt64, stream: Int, invalidator: Int, of invalidators: Int,
        from origin: UInt64, clock: TickClock
    ) {
        self.scenario = scenario
        random = RandomSequence(seed: seed, stream: stream)
        step = invalidator
        stride = invalidators
        func gap(_ perSecond: Double) -> Double { clock.ticks(inSeconds: 1 / perSecond) }
        switch scenario.arrivals {
        case .none: preconditionFailure("a scenario without invalidations has no invalidators")
        case .backToBack: times = .none
        case .poisson(let perSecond):
            let random = RandomSequence(seed: seed, stream: stream | 1 << 33)
            times = .given(ArrivalTimes(poissonMean: gap(perSecond), from: origin, random: random))
        case .paced(let perSecond):
            let turn = gap(perSecond)
            let times = ArrivalTimes(
                every: turn * Double(invalidators), first: turn * Double(invalidator + 1), from: origin)
            self.times = .given(times)
        case .bursts(_, let perSecond):
            times = .given(ArrivalTimes(every: gap(perSecond), first: gap(perSecond), from: origin))
        case .trace(let trace):
            // One whose steps all come at once has no times, however fast it is replayed.
            let scale = clock.ticks(inSeconds: 1e-9) / speed
            let hasTimes = scale.isFinite && (trace.steps.last?.nanoseconds ?? 0) > 0
            times = hasTimes ? .recorded(ticksPerNanosecond: scale, previous: Double(origin)) : .none
        }
    }

    /// Whether invalidations have intended starts.
    var areTimed: Bool {
        if case .none = times { false } else { true }
    }

    /// Whether a latency counts from the intended start, so that falling behind shows. Not in a crowd: see
    /// ``Scenario/crowd``.
    var countFromIntendedStart: Bool { scenario.crowd == nil }

    mutating func next() -> Arrival {
        switch scenario.arrivals {
        case .none, .backToBack, .poisson, .paced: return synthetic(at: nextTime())
        case .bursts(let size, _):
            if leftOfBurst > 0 {
                leftOfBurst -= 1
                return synthetic(at: nil)
            }
            leftOfBurst = size - 1
            return synthetic(at: nextTime())
        case .trace(let trace): return nextStep(of: trace)
        }
    }

    /// Leaves out what was due before `ticks`; a trace goes on where it is.
    mutating func skip(to ticks: UInt64) {
        leftOfBurst = 0
        switch times {
        case .none: break
        case .given(var times):
            times.skip(to: ticks)
            self.times = .given(times)
        case .recorded(let scale, let previous):
            times = .recorded(ticksPerNanosecond: scale, previous: max(previous, Double(ticks)))
        }
    }

    /// How many arrivals are still to come of those due before `end`, where the next one was due at `start`; counted
    /// from their mean distance.
    func count(from start: UInt64, to end: UInt64) -> UInt64 {
        switch (times, scenario.arrivals) {
        case (.given(let times), .bursts(let size, _)):
            UInt64(leftOfBurst) + 1 + (max(1, times.count(from: start, to: end)) - 1) * UInt64(size)
        case (.given(let times), _): times.count(from: start, to: end)
        case (.recorded(let scale, _), .trace(let trace)):
            ArrivalTimes.count(
                from: start, to: end,
                meanGap: Double(trace.steps[trace.steps.count - 1].nanoseconds) * scale * Double(stride)
                    / Double(trace.steps.count))
        default: 0
        }
    }

    /// The next intended start of those that are given.
    private mutating func nextTime() -> UInt64? {
        guard case .given(var times) = times else { return nil }
        let next = times.next()
        self.times = .given(times)
        return next
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

    private mutating func nextStep(of trace: Trace) -> Arrival {
        let current = trace.steps[step % trace.steps.count]
        var intended: UInt64?
        if case .recorded(let scale, var previous) = times {
            // The gap to the step before, also over the jump back to the start, where it is the first step's own time.
            let isFirst = step % trace.steps.count < stride
            let before = isFirst ? 0 : trace.steps[step % trace.steps.count - stride].nanoseconds
            previous += Double(current.nanoseconds - before) * scale
            times = .recorded(ticksPerNanosecond: scale, previous: previous)
            intended = UInt64(min(0x1p63, previous))
        }
        step += stride
        return Arrival(range: current.range, event: current.event, intendedTicks: intended)
    }
}
