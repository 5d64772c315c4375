import BenchmarkRecords

/// What the runs' own checks found: translations that were visible when they must not have been.
enum StaleTranslations {
    /// The cells of protected guards that showed some, with how many.
    static func found(in rows: [ResultRow], of cells: [Cell]) -> [(cell: String, count: Int)] {
        cells.filter(\.entry.isProtected).compactMap { cell in
            let count = rows.filter { $0.runName == cell.name }.reduce(0) { $0 + ($1[.staleInstalls] ?? 0) }
            return count > 0 ? (cell.name, Int(count)) : nil
        }
    }

    /// What a person has to know about them.
    static func message(_ found: [(cell: String, count: Int)]) -> String {
        let ofKernel = found.filter { CellName($0.cell)?.guardName == CellName.kernel }
        let ofGuards = found.filter { CellName($0.cell)?.guardName != CellName.kernel }
        let parts = [
            ("STALE TRANSLATIONS IN PROTECTED GUARDS: do not use these guards, and do not trust this run.", ofGuards),
            ("WRONG PAGES FROM THE KERNEL: one that was dropped read as old, or one that was kept as new.", ofKernel),
        ]
        let lines = parts.filter { !$0.1.isEmpty }.map { title, cells in
            cells.reduce(title) { $0 + "\n  \($1.cell): \($1.count)" }
        }
        return lines.joined(separator: "\n")
            + "\nThe rows are in the results with their stale_installs counters. Please report this."
    }
}

/// What is said about noise behind a run.
enum NoiseMessage {
    /// A line for what was thrown away, and one where the run is noisy; none where all is well.
    static func lines(of repetitions: [ResultRow], retryLimit: Int) -> [String] {
        let thrownAway = Int(repetitions.reduce(0) { $0 + ($1[.noisyRetries] ?? 0) })
        var lines: [String] = []
        if thrownAway > 0 {
            lines.append(
                "\(thrownAway) noisy measurement\(thrownAway == 1 ? " was" : "s were") thrown away and made again")
        }
        let noise = RunNoise(repetitions)
        if noise.isNoisy {
            let advice = retryLimit == 0 ? "'invbench doctor', or --retry-noisy 3" : "'invbench doctor'"
            lines.append(
                "a noisy run: \(noise.noisy) of \(noise.repetitions) repetitions are outside the limits, most by "
                    + "\(noise.frequentKinds.map(\.rawValue).joined(separator: " and ")); see \(advice)")
        }
        return lines
    }
}
