import NotifierDispatch

extension RegistrationCache {
    /// Drops every region, as an invalidation of all memory does, and deregisters those that nobody has pinned. Returns
    /// whether the cache is empty then. Under ``InvalidationPolicy/waitForPuts`` it waits for the puts. Not inside a call of
    /// the device.
    package func flush() -> Bool {
        guard let everything = InvalidationRange(pages: 0..<Int.max) else { return false }
        let invalidation = Invalidation(range: everything, event: .clear)
        // Blockable, so it is always done.
        _ = table.invalidationStarted(invalidation)
        table.invalidationEnded(invalidation)
        sweep()
        let left = statistics
        return left.regions + left.deferredRegions == 0
    }
}
