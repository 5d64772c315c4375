import BenchmarkRecords
import InvalidationStorm

extension Placement {
    /// What is not default, as it stands in a cell's name. A comma parts names on the command line, so a list of cpus
    /// has plus signs: `pin:cpus:0-3+8`.
    var nameParameters: [CellName.Parameter] {
        let plain = Placement(pin: pin)
        return [
            (pin != .compact, "pin", pin.text(separator: "+")),
            (smt != plain.smt, "smt", smt.rawValue),
            (effectiveMemory != plain.effectiveMemory, "memory", effectiveMemory.rawValue),
            (roles != plain.roles, "roles", roles.rawValue),
        ].compactMap { isOther, key, value in isOther ? CellName.Parameter(key: key, value: value) : nil }
    }

    /// All of it, as it stands in the context of a results file.
    var contextLines: [ContextLine] {
        [
            ContextLine(key: "placement_pin", value: pin.description),
            ContextLine(key: "placement_smt", value: smt.rawValue),
            ContextLine(key: "placement_memory", value: effectiveMemory.rawValue),
            ContextLine(key: "placement_roles", value: roles.rawValue),
        ]
    }
}
