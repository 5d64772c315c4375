import SeededNumbers

/// One way for an execution to go on.
public struct Option {
    /// The number of the thread that goes on, from 0; -1 if it stays the same one.
    let thread: Int
    /// Whether it goes on because its deadline has come.
    let isTimer: Bool
    /// 1 for a preemption: the running thread could have gone on, or time need not have passed, or a sequence is aborted.
    let cost: Int
}

/// What decides.
public protocol Chooser: AnyObject {
    /// Chooses one of at least two options, of which the first costs nothing, and those that cost something come last.
    func choose(_ options: [Option], at step: Int) -> Int
}

/// Always the first option: no preemption.
public final class FirstChoice: Chooser {
    public init() {}

    public func choose(_ options: [Option], at step: Int) -> Int { 0 }
}

/// Every execution with at most so many preemptions, one after the other: depth first, as CHESS does it.
public final class DepthFirst: Chooser {
    private let bound: Int
    private var path: [(chosen: Int, count: Int)] = []
    private var depth = 0
    private var spent = 0
    /// Whether an execution had other options than it had when the path to it was found: then the search is worth nothing.
    public private(set) var hasDiverged = false

    public init(preemptions: Int) { bound = preemptions }

    public func choose(_ options: [Option], at step: Int) -> Int {
        let count = options.reduce(0) { $0 + (spent + $1.cost <= bound ? 1 : 0) }
        guard count > 1 else { return 0 }
        if depth == path.count { path.append((0, count)) }
        if path[depth].count != count { hasDiverged = true }
        let chosen = min(path[depth].chosen, count - 1)
        depth += 1
        spent += options[chosen].cost
        return chosen
    }

    /// Goes to the next path; `false` if there is none.
    public func advance() -> Bool {
        if depth < path.count { hasDiverged = true }
        (depth, spent) = (0, 0)
        while let last = path.last {
            if last.chosen + 1 < last.count {
                path[path.count - 1].chosen += 1
                return true
            }
            path.removeLast()
        }
        return false
    }
}

/// Random priorities, and so many random steps at which the running thread gets the lowest one: probabilistic concurrency
/// testing (Burckhardt and others, 2010). An execution repeats from its seed.
public final class RandomPriorities: Chooser {
    private var random: SplitMix
    private var priorities: [Int: Int] = [:]
    private var changePoints: Set<Int>
    private var lowest = 0

    /// `length`: about how many steps an execution has.
    public init(seed: UInt64, depth: Int, length: Int) {
        random = SplitMix(state: seed)
        changePoints = []
        for _ in 1..<max(depth, 2) { changePoints.insert(Int(random.next() % UInt64(max(length, 1)))) }
    }

    public func choose(_ options: [Option], at step: Int) -> Int {
        guard options[0].thread >= 0 else { return random.next() % 4 == 0 ? 1 : 0 }
        // Time passes for one of those that wait for it now and then.
        if let timer = options.firstIndex(where: \.isTimer), random.next() % 16 == 0 { return timer }
        if changePoints.remove(step) != nil { lower(options[0].thread) }
        let ready = options.indices.filter { !options[$0].isTimer }
        return ready.max { priority(options[$0]) < priority(options[$1]) } ?? 0
    }

    private func lower(_ thread: Int) {
        lowest -= 1
        priorities[thread] = lowest
    }

    private func priority(_ option: Option) -> Int {
        if let priority = priorities[option.thread] { return priority }
        let priority = Int(random.next() >> 2)
        priorities[option.thread] = priority
        return priority
    }
}

/// What an execution decided before.
public final class Replay: Chooser {
    private let trace: Trace
    private var position = 0

    public init(_ trace: Trace) { self.trace = trace }

    public func choose(_ options: [Option], at step: Int) -> Int {
        defer { position += 1 }
        return min(trace.choice(at: position), options.count - 1)
    }
}
