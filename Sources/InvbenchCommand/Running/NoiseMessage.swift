import BenchmarkRecords

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
