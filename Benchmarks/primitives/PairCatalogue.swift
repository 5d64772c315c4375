/// Every pair there is, in the order of the engine's folders: what stands on itself first.
enum PairCatalogue {
    /// Makes what the pairs work on, afresh: each list with its subscribers, each page table.
    static func make() -> [Pair] {
        RCUPairs.all
            + LockPairs.all
            + PeerLockPairs.all
            + DispatchPairs.make()
            + RegistrationPairs.make()
            + IntervalPairs.make()
            + GuardPairs.make()
            + GuardSectionPairs.make()
            + HarnessPairs.make()
    }
}
