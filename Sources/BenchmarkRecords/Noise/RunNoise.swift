/// How noisy a whole run was.
public struct RunNoise: Sendable {
    /// How many repetitions there are.
    public let repetitions: Int
    /// How many of them were measured outside the limits.
    public let noisy: Int
    /// What disturbed them, the most frequent first; at most two.
    public let frequentKinds: [Noise.Kind]

    /// Counts the repetitions among `rows`.
    public init(_ rows: [ResultRow]) {
        let noises = rows.filter { $0.runType == .iteration }.map { Noise($0) }
        repetitions = noises.count
        noisy = noises.count(where: \.isNoisy)
        let kinds = Noise.Kind.allCases.map { kind in
            (kind: kind, count: noises.count { $0.reasons.contains { $0.kind == kind } })
        }
        // The sort is stable: of kinds as frequent the first one stays first.
        frequentKinds = kinds.filter { $0.count > 0 }.sorted { $0.count > $1.count }.prefix(2).map(\.kind)
    }

    /// Whether a quarter of the repetitions or more were.
    public var isNoisy: Bool { noisy > 0 && 4 * noisy >= repetitions }
}
