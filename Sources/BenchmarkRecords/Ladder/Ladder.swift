/// How the guards of one workload get on as more threads fault: a rung for each number of faulters, all in one state of the
/// cores.
public struct Ladder: Sendable {
    /// What one guard did on one rung.
    public struct Point: Sendable {
        /// Threads that fault.
        public let faulters: Int
        /// Faults a second over all faulters.
        public let faultsPerSecond: Estimate
        /// The 99th percentile of a fault, in nanoseconds; `nil` if it is not known.
        public let faultP99: Double?
        /// Whether there were more threads than cores for them: the rate is then the scheduler's too, and no part of a fit.
        public let isOversubscribed: Bool
        /// Lines that a fault takes from other cores where each thread has one, as counted and not measured; `nil` where it was
        /// not counted.
        public let countedLines: Double?
    }

    /// One guard on all rungs where it has a rate, the fewest faulters first.
    public struct Climb: Sendable {
        /// The guard's name with its parameters.
        public let name: String
        /// Its points.
        public let points: [Point]
        /// The points that the fit is made from.
        let fitted: [Point]
        /// The law that its rates follow; `nil` if its points are too few, or follow none.
        public let law: ScalabilityLaw?

        init(name: String, points: [Point]) {
            self.name = name
            self.points = points
            fitted = points.filter { !$0.isOversubscribed }
            law = ScalabilityLaw(fitted.map { ($0.faulters, $0.faultsPerSecond.value) })
        }

        /// Why there is no law.
        var absence: String {
            fitted.count < ScalabilityLaw.fewestPoints
                ? "too few points for a fit: \(fitted.count) of \(ScalabilityLaw.fewestPoints) with a core for each thread"
                : "its rates follow no such law"
        }
    }

    /// For people: `storm, 1 invalidator`.
    public let title: String
    /// The state that all rungs are from; `nil` if none was measured.
    public let state: CoreState?
    /// The rungs: numbers of faulters, in order.
    public let rungs: [Int]
    /// The guards, in the order of the last rung that has them.
    public let climbs: [Climb]

    /// Fewer rungs than this are no ladder.
    static let fewestRungs = 3

    /// Whether lines were counted for any point.
    var hasCounts: Bool { climbs.contains { $0.points.contains { $0.countedLines != nil } } }

    /// The ladders in `answers`, in their order; where there are `counts`, with their lines.
    static func all(in answers: [WorkloadAnswer], counts: CostTable? = nil) -> [Ladder] {
        var order: [Key] = []
        for answer in answers {
            let key = Key(answer)
            if !order.contains(key) { order.append(key) }
        }
        return order.compactMap { key in
            // A thread alone has no state: it goes with each.
            let rungs = answers.filter { answer in
                let own = Key(answer)
                return own == key || (answer.state == nil && own.work == key.work)
            }
            return key.state == nil && order.contains { $0.work == key.work && $0.state != nil }
                ? nil : Ladder(rungs, state: key.state, counts: counts)
        }
    }

    /// What all rungs of a ladder have in common.
    private struct Key: Equatable {
        let work: Workload
        let state: CoreState?

        init(_ answer: WorkloadAnswer) {
            work = answer.workload.with(faulters: 1)
            state = answer.state
        }
    }

    private init?(_ answers: [WorkloadAnswer], state: CoreState?, counts: CostTable?) {
        let answers = answers.sorted { $0.workload.faulters < $1.workload.faulters }
        rungs = answers.map(\.workload.faulters)
        guard rungs.count >= Self.fewestRungs else { return nil }
        self.state = state
        title = answers[0].workload.titleWithoutFaulters
        var names: [String] = []
        for guardAnswer in answers.reversed().flatMap(\.guards) where !names.contains(guardAnswer.name) {
            names.append(guardAnswer.name)
        }
        climbs = names.map { name in
            Climb(
                name: name,
                points: answers.compactMap { answer in
                    guard let found = answer.guards.first(where: { $0.name == name }), let rate = found.faultsPerSecond
                    else { return nil }
                    return Point(
                        faulters: answer.workload.faulters, faultsPerSecond: rate, faultP99: found.median(.faultP99),
                        isOversubscribed: answer.isOversubscribed,
                        countedLines: counts?.faults(of: name, in: answer.workload)?.transfers)
                })
        }
    }
}
