import ArgumentParser
import BenchmarkRecords

/// The values that versions are compared by.
struct MetricFlag: ParsableArguments {
    @Option(
        name: .customLong("metric"),
        help: ArgumentHelp(
            "Only these values, by their keys in the results file. (default: faults_per_second, fault_p99_ns, "
                + "invalidations_per_second)", valueName: "a,b"),
        transform: FlagValues.names)
    var names: [[String]] = []

    /// Those that were named, each once; empty where none was. A name that is none, or has no better direction, is
    /// refused.
    func chosen() throws -> [ComparedMetric] {
        var chosen: [ComparedMetric] = []
        for name in names.flatMap(\.self) {
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
