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
    /// As from NUMA balancing: steps of 512 pages through the whole space, from the start again, 1,000 a second at fixed
    /// intervals.
    public static let sweep = Scenario(
        name: "sweep", arrivals: .paced(perSecond: 1_000), pagesPerInvalidation: 512, placement: .inSteps,
        event: .protectionVMA)
    /// 1,000 invalidations of 16 pages back to back, anywhere, every 10 ms.
    public static let burst = Scenario(name: "burst", arrivals: .bursts(of: 1_000, perSecond: 100))
    /// 200 invalidations a second of half the space.
    public static let wide = Scenario(
        name: "wide", arrivals: .poisson(perSecond: 200), pagesPerInvalidation: 1 << 15)
    /// The whole space ends and is set up again, 20 times a second at fixed intervals.
    public static let exit = Scenario(
        name: "exit", arrivals: .paced(perSecond: 20), pagesPerInvalidation: 65_536, placement: .inSteps,
        event: .release)
    /// Non-blockable invalidations back to back, as from the OOM reaper; half of them fail on a second subscriber.
    public static let nonblocking = Scenario(name: "nonblocking", arrivals: .backToBack, isBlockable: false)
    /// The storm, on a space with 16 more subscribers in the notifier list and 64 interval subscriptions.
    public static let fanout = Scenario(
        name: "fanout", arrivals: .backToBack, listedBystanders: 16, intervalBystanders: 64)
    /// Steady invalidations, while one thread registers and unregisters a subscriber without a pause.
    public static let churn = Scenario(name: "churn", arrivals: .poisson(perSecond: 10_000), hasChurner: true)
    /// The storm, where each install takes 400 ns: faults that hold a stripe for longer, one after the other, show whether
    /// invalidations still get their turn.
    public static let installCost = Scenario(
        name: "install-cost", arrivals: .backToBack, installNanoseconds: 400, isAboutWaits: true)
    /// Invalidations back to back, of 2 us, each under a lock of the driver's own, which each walk takes too, for 1 us: as
    /// a driver's walks take mmap_lock, which who unmaps holds.
    public static let mappingLock = Scenario(
        name: "mapping-lock", arrivals: .backToBack, hasMappingLock: true, walkNanoseconds: 1000,
        changeNanoseconds: 2000, isAboutWaits: true)
    /// The storm, where each invalidator has a section of 4 ms, through which it sleeps, every 20 ms: who waits for one, and
    /// for how long?
    public static let longSections = Scenario(
        name: "long-sections", arrivals: .backToBack, isAboutWaits: true,
        longChanges: LongChanges(nanoseconds: 4_000_000, everyNanoseconds: 20_000_000))

    /// As many invalidations as `steady` has, at fixed intervals, on a machine with six threads for each core: as
    /// containers and virtual machines share one. Who waits for a thread that lost its core, and for how long?
    public static let crowded = Scenario(
        name: "crowded", arrivals: .paced(perSecond: 10_000),
        crowd: Crowd(faultersPerCore: 4, invalidatorsPerCore: 2))

    /// Steady invalidations, while each fault fills in the 16 pages around the one that it is for.
    public static let faultAround = Scenario(
        name: "fault-around", arrivals: .poisson(perSecond: 10_000), pagesPerFault: 16)
    /// Steady invalidations, while each faulter fills the space in, 512 pages at a time.
    public static let prefetch = Scenario(
        name: "prefetch", arrivals: .poisson(perSecond: 10_000), pagesPerFault: 512, faultsInSteps: true)

    /// The scenarios without input of their own, in the order of the documentation.
    public static let builtIn = [
        calm, steady, storm, pressure, hot, sweep, burst, wide, exit, nonblocking, fanout, churn,
        installCost, mappingLock, longSections, crowded, faultAround, prefetch,
    ]
}
