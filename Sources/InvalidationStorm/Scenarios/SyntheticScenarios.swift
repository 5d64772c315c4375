extension Scenario {
    /// No invalidations: what a guard costs when nothing happens.
    public static let calm = Scenario(name: "calm", arrivals: .none)
    /// 10,000 invalidations a second of 16 pages, anywhere.
    public static let steady = Scenario(name: "steady", arrivals: .poisson(perSecond: 10_000))
    /// Invalidations of 16 pages back to back, anywhere.
    public static let storm = Scenario(name: "storm", arrivals: .backToBack)
    /// 100,000 invalidations a second; walk and change take a microsecond each: equal offered work for every guard.
    public static let pressure = Scenario(
        name: "pressure", arrivals: .poisson(perSecond: 100_000), walkNanoseconds: 1000, changeNanoseconds: 1000)
    /// Invalidations back to back inside the one per cent of the pages that takes 90 per cent of the faults.
    public static let hot = Scenario(name: "hot", arrivals: .backToBack, hotFraction: 0.01)
    /// Non-blockable invalidations back to back, as from the OOM reaper; half of them fail on a second subscriber.
    public static let nonblocking = Scenario(name: "nonblocking", arrivals: .backToBack, isBlockable: false)

    /// The scenarios without input of their own, in the order of the documentation.
    public static let builtIn = [calm, steady, storm, pressure, hot, nonblocking]
}
