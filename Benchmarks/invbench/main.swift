import InvalidationStorm
print("control", DetectorControl.run(), "ns/tick", TickClock.calibrated.nanosecondsPerTick, "pair", TickClock.calibrated.pairCostNanoseconds)
let scenario = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : ""
for s in Scenario.builtIn where scenario.isEmpty || s.name == scenario {
  for (f, i) in (s.invalidates ? [(1,1),(2,1)] : [(1,0),(2,0)]) {
    for g in GuardCatalogue.builtIn {
      var st = StormSettings(scenario: s, faulters: f, invalidators: i)
      st.windowNanoseconds = 150_000_000
      guard let m = g.run(st, Cancellation()) else { continue }
      print(s.name, f, i, g.name, "M/s", (m.faultsPerSecond/1e4).rounded()/100, "p50", m.faultLatency.p50 ?? -1, "p99", m.faultLatency.p99 ?? -1, "p999", m.faultLatency.p99_9 ?? -1, "inv/s", m.invalidationsPerSecond.rounded(), "ip99", m.invalidationLatency.p99 ?? -1, "retry", m.retriesPerFault, "fb", m.fallbacks, "stale", m.staleInstalls, "wb", m.wouldBlocks, "k", m.samplingShift, "rt", m.coreRoundTripNanoseconds ?? -1, "longest", m.longestWaitNanoseconds, "mig", m.cpuMigrations as Any, "steal", m.stealPercent as Any)
    }
  }
}
