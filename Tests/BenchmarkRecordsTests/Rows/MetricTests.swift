import Testing

@testable import BenchmarkRecords

@Suite struct MetricTests {
    @Test func keysSayTheirUnit() {
        for metric in Metric.allCases {
            #expect(metric.rawValue.hasSuffix("_ns") == (metric.unit == .nanoseconds), "\(metric)")
            #expect(metric.rawValue.hasSuffix("_per_second") == (metric.unit == .perSecond), "\(metric)")
            #expect(metric.rawValue.hasSuffix("_percent") == (metric.unit == .percent), "\(metric)")
        }
    }

    @Test func latenciesAreBetterLowAndRatesHigh() {
        for metric in Metric.allCases where metric.unit == .perSecond { #expect(metric.better == .higher) }
        let ofTheMachine: [Metric] = [
            .coreRoundTrip, .coreRoundTripAfter, .coreRoundTripShortest, .coreRoundTripAfterShortest, .threadWindows,
        ]
        for metric in Metric.allCases where metric.unit == .nanoseconds && !ofTheMachine.contains(metric) {
            #expect(metric.better == .lower, "\(metric)")
        }
        for metric in ofTheMachine + [.faultSamples, .faultTrend, .memoryPlaced] {
            #expect(metric.better == nil, "\(metric)")
        }
        #expect(Metric.faultBacklog.better == .lower && Metric.invalidationBacklog.better == .lower)
    }

    /// The list of the measurement rules, word by word: other tools find values by these keys.
    @Test func keysAreTheOnesThatOtherToolsKnow() {
        let roles = ["fault", "invalidation"].flatMap { role in
            ["p50", "p90", "p99", "p99_9", "p99_99", "max", "mean"].map { "\(role)_\($0)_ns" } + ["\(role)_samples"]
        }
        let churner = ["registration", "unregistration"].flatMap { act in
            ["p50", "p99", "max"].map { "\(act)_\($0)_ns" }
        }
        let onRealMemory = ["serving_p50_ns", "serving_p99_ns", "serving_max_ns", "page_faults_per_fault"]
        let others = [
            "registrations_per_second", "pages_per_second",
            "faults_per_second", "fault_retries_per_fault", "fault_fallbacks", "invalidations_per_second",
            "would_block_count", "stale_installs", "fairness_jain", "longest_wait_ns", "steal_percent",
            "involuntary_switches", "cpu_migrations", "core_round_trip_ns", "fault_sampling_shift", "noisy",
            "fault_backlog", "fault_trend", "invalidation_backlog", "invalidation_fairness_jain",
            "invalidation_longest_wait_ns", "fault_longest_ns", "invalidation_start_longest_ns", "memory_placed",
            "run_queue_delay_percent", "other_load_cores", "voluntary_switches", "page_faults", "core_frequency_hz",
            "core_round_trip_after_ns", "thread_windows_ns", "oversubscribed", "noisy_retries", "cycles_per_fault",
            "instructions_per_fault", "cache_misses_per_fault", "core_round_trip_shortest_ns",
            "core_round_trip_after_shortest_ns", "fault_catch_up_ns", "invalidation_catch_up_ns",
            "warm_up_unsteady", "core_additions_hz", "core_additions_after_hz",
        ]
        #expect(Set(Metric.allCases.map(\.rawValue)) == Set(roles + churner + onRealMemory + others))
    }
}
