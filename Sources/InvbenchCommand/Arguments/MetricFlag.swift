import BenchmarkRecords

/// `--metric`: the values that versions are compared by.
enum MetricFlag {
    /// Those that `names` say, each once; a name that is none, or has no better direction, is refused.
    static func chosen(_ names: [String]) throws -> [ComparedMetric] {
        var chosen: [ComparedMetric] = []
        for name in names {
            guard let metric = ComparedMetric.all.first(where: { $0.key == name }) else {
                throw UsageError(Self.unknown(name))
            }
            if !chosen.contains(metric) { chosen.append(metric) }
        }
        return chosen
    }

    private static func unknown(_ name: String) -> String {
        if Metric(rawValue: name) != nil {
            return "--metric \(name): it describes the machine or the sample, and neither direction of it is better"
        }
        let guess = NearestName.of(name, among: ComparedMetric.all.map(\.key)).map { "; did you mean \($0)?" }
        return "--metric \(name): unknown"
            + (guess ?? "; there are \(ComparedMetric.all.map(\.key).joined(separator: ", "))")
    }
}
