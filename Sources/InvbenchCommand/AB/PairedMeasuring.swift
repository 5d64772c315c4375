import BenchmarkRecords
import Foundation

/// Measures two programs in pairs of processes until every comparison has a verdict or the time is up.
///
/// In each round every cell that is still open gets one pair: a process of each program that measures one repetition of
/// this cell alone, right after each other. The order of the cells in a round and that of the two in a pair are drawn.
/// Both processes of a pair get the same seed, so they meet the same work.
struct PairedMeasuring {
    /// Why it ended.
    enum Ending {
        /// Every comparison has a verdict.
        case decided
        /// The budget is spent.
        case outOfTime
        /// A signal, a stale translation, or a program that fails.
        case failed(any Error)
    }

    let base: MeasuredProgram
    let new: MeasuredProgram
    let flags: RunFlags
    /// How long it may take, in seconds.
    let budget: Double
    /// Decides every order and the work.
    let seed: UInt64
    /// Where the results files are put, in the folders `base` and `new`, which exist.
    let folder: URL
    /// Whether they stay there.
    let keepsFiles: Bool

    /// What the processes said about themselves, for each program.
    private(set) var contexts: (base: [[String: String]], new: [[String: String]]) = ([], [])
    private(set) var comparison: PairedComparison
    private let clock = ContinuousClock()

    init(
        base: MeasuredProgram, new: MeasuredProgram, flags: RunFlags, rule: ComparisonRule, budget: Double,
        seed: UInt64,
        folder: URL, keepsFiles: Bool
    ) {
        (self.base, self.new, self.flags, self.budget, self.seed) = (base, new, flags, budget, seed)
        (self.folder, self.keepsFiles) = (folder, keepsFiles)
        comparison = PairedComparison(rule: rule)
    }

    /// Measures `cells`. Whatever ends it, what was measured counts.
    mutating func run(cells: [String]) -> Ending {
        do {
            if try measure(cells) { return .decided }
            comparison.look(isLast: true)
            return .outOfTime
        } catch {
            comparison.look(isLast: true)
            return .failed(error)
        }
    }

    /// Returns whether every comparison has a verdict, or else the time is up.
    private mutating func measure(_ cells: [String]) throws -> Bool {
        var generator = SplitMix(state: seed)
        let start = clock.now
        var open = cells
        var round = 0
        while !open.isEmpty {
            round += 1
            for cell in open.shuffled(using: &generator) {
                let left = budget - (clock.now - start) / .seconds(1)
                if left <= 0 { return false }
                showProgress(round: round, open: open.count, of: cells.count, secondsLeft: left)
                let isBaseFirst = Bool.random(using: &generator)
                try measure(cell, round: round, isBaseFirst: isBaseFirst)
            }
            comparison.look()
            open.removeAll { comparison.isDecided($0) }
        }
        return true
    }

    private mutating func measure(_ cell: String, round: Int, isBaseFirst: Bool) throws {
        let words = flags.choosing(cell: cell) + ["--benchmark_repetitions=1", "--seed=\(round)"]
        var rows: [Bool: ResultRow] = [:]
        for isBase in [isBaseFirst, !isBaseFirst] {
            let program = isBase ? base : new
            let count = (isBase ? contexts.base : contexts.new).count + 1
            let path = folder.appending(path: "\(isBase ? "base" : "new")/\(count).json").path
            let file = try program.measure(words, to: path)
            guard let row = file.rows.first(where: { $0.runName == cell }) else {
                throw UsageError("\(program.label): \(path) does not have the cell \(cell)")
            }
            rows[isBase] = row
            if isBase { contexts.base.append(file.context) } else { contexts.new.append(file.context) }
            if !keepsFiles { try? FileManager.default.removeItem(atPath: path) }
        }
        if let before = rows[true], let after = rows[false] { comparison.add(base: before, new: after) }
    }

    private func showProgress(round: Int, open: Int, of count: Int, secondsLeft: Double) {
        guard StandardError.isTerminal else { return }
        StandardError.write(
            "\r\u{1B}[Kround \(round), \(open) of \(count) cells open, at most \(ProgressLine.text(seconds: secondsLeft)) left"
        )
    }
}

/// The cells that two programs have both, of those that flags of `run` choose.
struct SharedCells {
    /// In the order of the base.
    let names: [String]
    let onlyInBase: [String]
    let onlyInNew: [String]
    /// What the user should know about the choice, a line each.
    let notes: [String]

    init(flags: RunFlags, base: MeasuredProgram, new: MeasuredProgram) throws {
        let (bases, news) = (try base.cells(flags.all), try new.cells(flags.all))
        // A process measures one cell, which it finds among the registered ones; a profile has some more.
        let registered = try base.cells(flags.choosingAny)
        let shared = bases.filter(news.contains)
        names = shared.filter(registered.contains)
        onlyInBase = bases.filter { !news.contains($0) }
        onlyInNew = news.filter { !bases.contains($0) }
        if names.isEmpty {
            throw UsageError("\(base.label) and \(new.label): no cell in common; choose others behind --")
        }
        let left = shared.filter { !registered.contains($0) }.joined(separator: ", ")
        notes =
            left.isEmpty ? [] : ["left out, since only flags such as --walk-ns choose them and not a name: \(left)"]
    }
}
