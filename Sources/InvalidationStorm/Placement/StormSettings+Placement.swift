extension StormSettings {
    /// The places and nodes of this repetition on this machine. Traps where it has not got what the placement needs.
    var placementPlan: PlacementPlan {
        do throws(PlacementError) {
            return try PlacementPlan(
                placement, on: ThisMachine.topology, faulters: faulters, others: threads - faulters)
        } catch {
            fatalError(error.description)
        }
    }
}
