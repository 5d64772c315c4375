/// A results file that is small and whole: seven and three repetitions of two cells of a real run, and the keys that
/// comparing reads. Its parts can be damaged one by one.
///
/// Seven can be decided, whatever else is compared; more would take longer to compare and show no more.
struct SampleRun {
    /// A key and its value, both as they stand in the text.
    struct Member {
        var key: String
        var value: String
    }

    var context: [Member]
    /// The rows, in the order of the file.
    var rows: [[Member]]

    /// Nothing is damaged.
    static let whole = SampleRun()

    /// The repetitions with an odd index, or those with an even one.
    static func half(odd: Bool) -> SampleRun {
        var half = whole
        half.rows = whole.rows.indices.filter { $0.isMultiple(of: 2) != odd }.map { whole.rows[$0] }
        return half
    }

    /// The file.
    var text: String {
        func object(_ members: [Member]) -> String {
            "{" + members.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
        }
        return
            "{\"context\": \(object(context)),\n\"benchmarks\": [\n\(rows.map(object).joined(separator: ",\n"))\n]}\n"
    }

    private init() {
        context = [
            Member(key: "\"date\"", value: "\"2026-11-21T14:37:55+00:00\""),
            Member(key: "\"num_cpus\"", value: "2"),
            Member(key: "\"caches\"", value: "[{\"type\": \"Data\", \"level\": 1, \"size\": 49152}]"),
            Member(key: "\"machine_id\"", value: "\"amd-epyc-1s2c2t-1n-0416\""),
            Member(key: "\"build_type\"", value: "\"release\""),
        ]
        rows = Self.cells.flatMap { name, table in
            table.split(separator: "\n").enumerated().map { index, line in
                let values = zip(Self.keys, line.split(separator: " ")).map {
                    Member(key: "\"\($0)\"", value: String($1))
                }
                return [
                    Member(key: "\"name\"", value: "\"\(name)\""), Member(key: "\"run_type\"", value: "\"iteration\""),
                    Member(key: "\"repetition_index\"", value: String(index)),
                    Member(key: "\"time_unit\"", value: "\"ns\""),
                ] + values
            }
        }
    }

    private static let keys = [
        "iterations", "real_time", "cpu_time", "core_round_trip_ns", "fault_p99_ns", "faults_per_second",
        "invalidations_per_second",
    ]

    /// The values of `keys`, a line for each repetition.
    private static let cells = [
        (
            "storm/kvm/storm/faulters:1/invalidators:1",
            """
            848608 118.0034 115.4414 146.0537 500.0 8474328.7981 2408596.1572
            657840 152.194 151.9312 126.6427 671.0 6570559.8064 2389552.9581
            766768 130.5819 130.4883 125.1673 500.0 7658029.4168 2366994.2658
            1006720 99.4656 99.2369 138.2579 580.0 10053731.4575 2442612.3402
            54148 1849.4483 1842.194 493.0513 4339.0 540701.7878 657999.6543
            1229696 81.3961 80.7401 162.3465 630.0 12285606.5272 2070879.4142
            745856 134.2053 133.7423 628.9745 450.0 7451270.0219 2736222.4363
            """
        ),
        (
            "storm/rwlock/calm/faulters:2/invalidators:0",
            """
            2086144 96.0197 95.642 117.873 220.0 20829054.5735 0.0
            2080736 96.2338 96.0586 139.3478 230.0 20782612.0253 0.0
            2154976 92.9171 92.739 144.3662 200.0 21524530.752 0.0
            """
        ),
    ]
}
