import Foundation

/// What disturbed a repetition: each value that lies outside its limit.
public struct Noise: Sendable {
    /// Kinds of disturbance, in words.
    public enum Kind: String, CaseIterable, Sendable {
        /// The hypervisor gave the machine's cores to others.
        case steal
        /// Threads of the cell were ready to run and did not.
        case runQueue = "run queue"
        /// Others kept cores busy.
        case otherLoad = "other load"
        /// Threads of the cell lost their core to others.
        case involuntarySwitches = "involuntary switches"
        /// Threads of the cell were moved to other cores.
        case migrations
        /// The cell's cores were not as far apart at the end as at the beginning.
        case roundTrip = "round trip"
    }

    /// One disturbance.
    public struct Reason: Hashable, Sendable, CustomStringConvertible {
        /// What it is.
        public let kind: Kind
        /// With its figures: `steal 3.1 %`, `round trip 120 -> 480 ns`.
        public let description: String
    }

    /// All that is outside the limits, in the order of the kinds.
    public let reasons: [Reason]

    /// Whether there is any.
    public var isNoisy: Bool { !reasons.isEmpty }

    /// Judges a repetition by its values; one that is `nil` is not judged.
    ///
    /// Threads of a cell that is oversubscribed wait for each other by design: there neither the run queue nor switches
    /// count.
    public init(limits: NoiseLimits = .standard, _ value: (Metric) -> Double?) {
        var reasons: [Reason] = []
        func add(_ kind: Kind, _ figures: String) {
            reasons.append(Reason(kind: kind, description: "\(kind.rawValue) \(figures)"))
        }
        if let percent = value(.steal), percent > limits.stealPercent {
            add(.steal, "\(ScaledNumber.ratio(percent)) %")
        }
        let isOversubscribed = value(.oversubscribed) == 1
        if !isOversubscribed, let percent = value(.runQueueDelay), percent > limits.runQueueDelayPercent {
            add(.runQueue, "\(ScaledNumber.ratio(percent)) %")
        }
        if let cores = value(.otherLoad), cores > limits.otherLoadCores {
            add(.otherLoad, String(format: "%.1f cores", cores))
        }
        if let windows = value(.threadWindows), windows > 0 {
            func rate(_ metric: Metric) -> Double { (value(metric) ?? 0) / (windows / 1e9) }
            if !isOversubscribed, rate(.involuntarySwitches) > limits.involuntarySwitchesPerSecond {
                add(.involuntarySwitches, "\(ScaledNumber.rate(rate(.involuntarySwitches))) a second")
            }
            if rate(.cpuMigrations) > limits.migrationsPerSecond {
                add(.migrations, ScaledNumber.count(value(.cpuMigrations) ?? 0))
            }
        }
        if let before = value(.coreRoundTrip), let after = value(.coreRoundTripAfter), before > 0, after > 0,
            max(before, after) / min(before, after) > limits.roundTripRatio
        {
            add(.roundTrip, String(format: "%.0f -> %.0f ns", before, after))
        }
        self.reasons = reasons
    }

    /// Judges a row of a results file.
    public init(_ row: ResultRow) { self.init { row[$0] } }
}

/// From where on a disturbance counts.
public struct NoiseLimits: Sendable {
    /// In per cent of all cores.
    public var stealPercent: Double
    /// In per cent of the threads' windows.
    public var runQueueDelayPercent: Double
    /// In cores.
    public var otherLoadCores: Double
    /// For each second of a thread's window.
    public var involuntarySwitchesPerSecond: Double
    /// For each second of a thread's window.
    public var migrationsPerSecond: Double
    /// The larger of the two round trips by the smaller.
    public var roundTripRatio: Double

    /// Found on two virtual cores with windows of 100 ms, 9 cells 6 times: alone, and beside one process that kept a core
    /// busy. From the lowest to the highest, but for the outliers named.
    ///
    ///                              alone                          beside the other
    ///     run queue                0.1 to 1.5 %, once 17 %        24 to 39 %
    ///     other load               0 to 0.08 cores, once 0.35     0.4 to 0.9 cores
    ///     involuntary switches     35 to 100 a second             93 to 206 a second: a weak sign, for swarms only
    ///     round trip               changes by up to 1.7 in one state; states lie a factor of three and more apart
    ///
    /// Steal of 1 % is less than one tick in such a window: any that shows counts. Threads that are pinned never move.
    public static let standard = NoiseLimits(
        stealPercent: 1, runQueueDelayPercent: 5, otherLoadCores: 0.3, involuntarySwitchesPerSecond: 1000,
        migrationsPerSecond: 10, roundTripRatio: 2)
}

/// How noisy a whole run was.
public struct RunNoise: Sendable {
    /// How many repetitions there are.
    public let repetitions: Int
    /// How many of them were measured outside the limits.
    public let noisy: Int
    /// What disturbed them, the most frequent first; at most two.
    public let frequentKinds: [Noise.Kind]

    /// Counts the repetitions among `rows`.
    public init(_ rows: [ResultRow]) {
        let noises = rows.filter { $0.runType == .iteration }.map { Noise($0) }
        repetitions = noises.count
        noisy = noises.count(where: \.isNoisy)
        let kinds = Noise.Kind.allCases.map { kind in
            (kind: kind, count: noises.count { $0.reasons.contains { $0.kind == kind } })
        }
        // The sort is stable: of kinds as frequent the first one stays first.
        frequentKinds = kinds.filter { $0.count > 0 }.sorted { $0.count > $1.count }.prefix(2).map(\.kind)
    }

    /// Whether a quarter of the repetitions or more were.
    public var isNoisy: Bool { noisy > 0 && 4 * noisy >= repetitions }
}
