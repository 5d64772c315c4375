/// Why an answer could not be exported.
public struct ExportError: Error, Equatable, CustomStringConvertible {
    /// One line for a person.
    public let description: String
}

/// The guards of an answer whose figures other tools can follow from run to run: those with a rate, and without stale
/// translations, since how fast a broken guard is says nothing.
struct ExportedCells {
    /// One of them.
    struct Cell {
        /// The name of the cell in results files. If the workload met more than one state of the cores, the state follows
        /// as in `/cores:near`: two states are two machines, and no series is made from both.
        let name: String
        let workload: WorkloadAnswer
        let guardAnswer: GuardAnswer
    }

    /// In the order of the answer.
    let cells: [Cell]

    /// Throws if there is none of them.
    init(_ answer: RunAnswer) throws(ExportError) {
        let states = Dictionary(grouping: answer.workloads, by: \.name).mapValues(\.count)
        cells = answer.workloads.flatMap { workload in
            workload.guards.compactMap { guardAnswer -> Cell? in
                guard guardAnswer.faultsPerSecond != nil, !guardAnswer.flags.contains(.stale),
                    let cell = guardAnswer.cell
                else { return nil }
                let hasStates = states[workload.name, default: 0] > 1
                let state = hasStates ? workload.state?.name.map { "/cores:\($0)" } ?? "" : ""
                return Cell(name: cell.description + state, workload: workload, guardAnswer: guardAnswer)
            }
        }
        if cells.isEmpty {
            throw ExportError(
                description: "nothing to export: in no workload has a guard \(WorkloadAnswer.fewestBlocks) repetitions "
                    + "or more that met the cores in one state; measure longer")
        }
    }
}
