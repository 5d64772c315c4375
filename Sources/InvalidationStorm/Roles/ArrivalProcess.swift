/// How the operations of one role come where they wait for nobody: each has an intended start, whether or not the one
/// before has ended (open loop).
public struct ArrivalProcess: Hashable, Sendable {
    /// How the intended starts lie.
    public enum Spacing: String, CaseIterable, Sendable {
        /// At random, independent of each other.
        case poisson
        /// At equal intervals; several threads take turns.
        case fixed
    }

    /// Operations a second in all, divided evenly over the role's threads; above 0 and finite.
    public var perSecond: Double
    /// How the intended starts lie.
    public var spacing: Spacing

    /// So many a second in all, spaced so.
    public init(perSecond: Double, spacing: Spacing = .poisson) {
        precondition(perSecond > 0 && perSecond.isFinite, "operations come at a rate above 0")
        self.perSecond = perSecond
        self.spacing = spacing
    }
}

/// The intended starts of one thread's operations, one after the other, for ever.
@usableFromInline
struct ArrivalTimes: Sendable {
    /// The mean of the gaps, in ticks as a real number, so that gaps below a tick add up.
    private let meanGap: Double
    /// The intended start before the next one.
    private var previous: Double
    /// Where gaps at random come from; `nil` where all are alike.
    private var random: RandomSequence?

    /// At equal intervals of `gap` ticks, the first one `firstGap` behind `origin`.
    init(every gap: Double, first firstGap: Double, from origin: UInt64) {
        meanGap = gap
        previous = Double(origin) + firstGap - gap
    }

    /// At random behind `origin`, on average one in `gap` ticks.
    init(poissonMean gap: Double, from origin: UInt64, random: RandomSequence) {
        meanGap = gap
        previous = Double(origin)
        self.random = random
    }

    /// The share of `process` that falls to thread `thread` of `threads`.
    init(_ process: ArrivalProcess, thread: Int, of threads: Int, from origin: UInt64, clock: TickClock, seed: UInt64) {
        let turn = clock.ticks(inSeconds: 1 / process.perSecond)
        switch process.spacing {
        case .poisson:
            // Streams of their own, far from those that choose pages.
            let random = RandomSequence(seed: seed, stream: 1 << 32 + thread)
            self.init(poissonMean: turn * Double(threads), from: origin, random: random)
        case .fixed:
            self.init(every: turn * Double(threads), first: turn * Double(thread + 1), from: origin)
        }
    }

    /// The next intended start, in ticks.
    @usableFromInline
    mutating func next() -> UInt64 {
        previous += random?.exponential(mean: meanGap) ?? meanGap
        return UInt64(min(0x1p63, previous))
    }

    /// Leaves out what lies before `ticks`.
    mutating func skip(to ticks: UInt64) {
        let passed = Double(ticks) - previous
        guard passed > 0 else { return }
        // Gaps at random have no memory: the next one may begin anywhere.
        previous += random == nil ? ((passed / meanGap).rounded(.up) - 1) * meanGap : passed
    }

    /// How many lie in `start ..< end`, of which `start` is one; on average where they come at random.
    @usableFromInline
    func count(from start: UInt64, to end: UInt64) -> UInt64 {
        Self.count(from: start, to: end, meanGap: meanGap)
    }

    /// The same where `meanGap` ticks lie between two.
    static func count(from start: UInt64, to end: UInt64, meanGap: Double) -> UInt64 {
        guard start < end else { return 0 }
        return UInt64(min(0x1p62, (Double(end - start) / meanGap).rounded(.up)))
    }
}
