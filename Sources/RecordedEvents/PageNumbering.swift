/// Numbers the pages that a recording's invalidations touch from 0, without gaps.
///
/// Each address space has a region of its own, in the order in which the spaces appeared. Within a region the pages
/// keep their order: those that are neighbours stay neighbours, what no invalidation touches vanishes, and each
/// invalidation stays one range of as many pages.
struct PageNumbering {
    /// The most pages that a trace may touch: 256 GiB of address space.
    static let mostPages = 1 << 26

    /// A longest run of touched pages.
    private struct Run {
        let space: Int
        var pages: Range<Int>
        /// The number of its first page.
        let number: Int
    }

    /// Sorted by space, then by page.
    private let runs: [Run]
    /// How many pages have numbers.
    let pages: Int

    /// Throws a ``LineFault`` where the steps touch more than ``mostPages``.
    init(_ steps: [RecordedStep]) throws(LineFault) {
        let sorted = steps.sorted { ($0.space, $0.pages.lowerBound) < ($1.space, $1.pages.lowerBound) }
        var runs: [Run] = []
        var total = 0
        for step in sorted {
            if let last = runs.last, last.space == step.space, step.pages.lowerBound <= last.pages.upperBound {
                let end = max(last.pages.upperBound, step.pages.upperBound)
                total += end - last.pages.upperBound
                runs[runs.count - 1].pages = last.pages.lowerBound..<end
            } else {
                runs.append(Run(space: step.space, pages: step.pages, number: total))
                total += step.pages.count
            }
            guard total <= Self.mostPages else {
                throw LineFault(
                    "the invalidations touch more than \(Self.mostPages) pages (\(Self.mostPages >> 18) GiB); "
                        + "record a smaller program")
            }
        }
        self.runs = runs
        pages = total
    }

    /// The numbers of a step's pages. Precondition: it is one of the steps that `init` was given.
    func numbers(of step: RecordedStep) -> Range<Int> {
        var low = 0
        var high = runs.count
        while high - low > 1 {
            let middle = (low + high) / 2
            let isAtOrBefore =
                (runs[middle].space, runs[middle].pages.lowerBound) <= (step.space, step.pages.lowerBound)
            if isAtOrBefore { low = middle } else { high = middle }
        }
        let start = runs[low].number + (step.pages.lowerBound - runs[low].pages.lowerBound)
        return start..<start + step.pages.count
    }
}
