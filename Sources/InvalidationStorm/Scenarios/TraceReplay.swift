extension Scenario {
    /// The invalidations of a recorded program; faults fall on all the pages that it invalidates.
    public static func replaying(_ trace: Trace) -> Scenario {
        Scenario(name: "trace:\(trace.name)", arrivals: .trace(trace), pages: trace.pages)
    }
}
