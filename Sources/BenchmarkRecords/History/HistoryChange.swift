/// A change point in the history of one metric of one benchmark, and what is known of the run at which it began.
public struct HistoryChange: Sendable {
    /// The benchmark's name; for ours, the text of a ``CellName``.
    public let name: String
    /// What changed.
    public let metric: ComparedMetric
    /// The change among the values of those runs that have the benchmark.
    public let point: ChangePoint
    /// The first run after the change.
    public let run: HistoryRun
    /// The last run before it that has the benchmark.
    public let previous: HistoryRun
    /// The medians of the round trips between the cores of the runs before and after, in nanoseconds; `nil` where they
    /// were not measured.
    public let roundTrips: (before: Double, after: Double)?

    /// A fact of a run's context.
    public struct ContextChange: Hashable, Sendable {
        /// Its key in the results file.
        public let key: String
        /// Its value in the last run before the change; `nil` where it was absent.
        public let before: String?
        /// Its value in the first run after; `nil` where it is absent.
        public let after: String?
    }

    /// Whether it is what a user wants.
    public var isBetter: Bool { (point.medianAfter > point.medianBefore) == (metric.better == .higher) }

    /// Whether the cores reached each other at another speed after the change: then it may be the host's.
    public var mayBeOfHost: Bool {
        guard let (before, after) = roundTrips else { return false }
        return !RoundTripStates.areAlike(before, after, RoundTripStates.factor)
    }

    /// Whether both runs measured the same commit, each from a clean tree, so that the source did not change.
    public var isOfOneCommit: Bool {
        run.commit != nil && run.commit == previous.commit && !run.isDirty && !previous.isDirty
    }

    /// What else differs between the run and the one before, by keys; not what differs between any two runs.
    public var contextChanges: [ContextChange] {
        // Here the machine is the folder's: another id inside of it is worth a word, and so is another host.
        Set(run.context.keys).union(previous.context.keys)
            .subtracting(ComparedOrigins.changing.subtracting(["machine_id", "host_id"])).sorted()
            .filter { run.context[$0] != previous.context[$0] }
            .map { ContextChange(key: $0, before: previous.context[$0], after: run.context[$0]) }
    }
}
