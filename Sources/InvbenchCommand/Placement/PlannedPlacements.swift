import InvalidationStorm

/// The placement of every cell of a run: one plan for each combination of thread counts.
struct PlannedPlacements {
    /// How many threads there are of each role.
    struct Counts: Hashable {
        let faulters: Int
        let invalidators: Int
        let churners: Int
        let handlers: Int
    }

    /// A combination, how many cells have it, and who runs where.
    struct Entry {
        let counts: Counts
        let cells: Int
        let plan: PlacementPlan
    }

    /// The combinations in the order in which they come first.
    let entries: [Entry]

    /// Plans for `cells`, as `placement` says, on `topology`; a placement that is not possible is wrong usage.
    init(_ cells: [Cell], _ placement: Placement, on topology: Topology) throws {
        var order: [Counts] = []
        var cellCounts: [Counts: Int] = [:]
        for cell in cells {
            let counts = Counts(
                faulters: cell.faulters, invalidators: cell.invalidators, churners: cell.scenario.hasChurner ? 1 : 0,
                handlers: cell.handlers)
            if cellCounts[counts] == nil { order.append(counts) }
            cellCounts[counts, default: 0] += 1
        }
        do throws(PlacementError) {
            var entries: [Entry] = []
            for counts in order {
                let plan = try PlacementPlan(
                    placement, on: topology, faulters: counts.faulters,
                    others: counts.invalidators + counts.churners + counts.handlers)
                entries.append(Entry(counts: counts, cells: cellCounts[counts] ?? 0, plan: plan))
            }
            self.entries = entries
        } catch {
            throw UsageError(error.description)
        }
    }
}
