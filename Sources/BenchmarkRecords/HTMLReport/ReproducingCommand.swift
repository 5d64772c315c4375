/// The command that measures the cells of a workload again, each guard beside the others as before.
package struct ReproducingCommand {
    /// What to type, one line for each run that it takes; empty if no command line can name the cells.
    let lines: [String]

    /// The flags whose names are not the parameter's key, with the unit that the key's value has and the flag's has not.
    private static let flags = ["walk": ("walk-ns", "ns"), "change": ("change-ns", "ns")]

    /// For the guards of `answer`, from the names of its cells.
    init(_ answer: WorkloadAnswer) {
        let cells = answer.guards.compactMap(\.cell)
        // A comma separates names on the command line.
        guard let first = cells.first, cells.count == answer.guards.count,
            !(cells.map(\.guardName) + [first.scenario]).contains(where: { $0.contains(",") })
        else {
            lines = []
            return
        }
        let note = first.scenario.hasPrefix("trace:") ? ["# a recording of your own: add --trace and its file"] : []
        lines =
            note
            + Self.runs(of: cells).map { run in
                var words = [
                    "invbench", "--guard", run.map(\.guardName).joined(separator: ","), "--scenario", first.scenario,
                    "--faulters", String(first.faulters),
                ]
                // A scenario without invalidations has no invalidators, whatever is asked for.
                if first.invalidators > 0 { words += ["--invalidators", String(first.invalidators)] }
                var seen: Set<String> = []
                for parameter in run.flatMap(\.parameters) where seen.insert(parameter.key).inserted {
                    words += Self.flag(parameter)
                }
                return words.map(Self.quoted).joined(separator: " ")
            }
    }

    /// One run, if each guard is there once and no two guards have other values of one parameter; else a run for each set
    /// of parameters.
    private static func runs(of cells: [CellName]) -> [[CellName]] {
        let values = Dictionary(grouping: Set(cells.flatMap(\.parameters)), by: \.key)
        if Set(cells.map(\.guardName)).count == cells.count, values.allSatisfy({ $0.value.count == 1 }) {
            return [cells]
        }
        var order: [[CellName.Parameter]] = []
        for cell in cells where !order.contains(cell.parameters) { order.append(cell.parameters) }
        return order.map { parameters in cells.filter { $0.parameters == parameters } }
    }

    private static func flag(_ parameter: CellName.Parameter) -> [String] {
        if let (name, unit) = flags[parameter.key] {
            return ["--" + name, String(parameter.value.dropLast(parameter.value.hasSuffix(unit) ? unit.count : 0))]
        }
        // A list of cpus has plus signs in a cell's name.
        let isList = parameter.key == "pin"
        return ["--" + parameter.key, isList ? parameter.value.replacing("+", with: ",") : parameter.value]
    }

    /// A word as a shell reads it.
    package static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_.,:%/=+@".utf8.contains(byte)
            }
        }
        return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}
