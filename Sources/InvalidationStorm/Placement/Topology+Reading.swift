import CHwloc

extension Topology {
    /// Reads a topology with hwloc. What it has of this machine is what held at that moment.
    public init(reading source: TopologySource) throws(TopologyError) {
        try self.init(HwlocTopology(source))
        if allowedThreadCount == 0 {
            throw TopologyError(description: "every hardware thread is hidden by a cpuset; allow at least one")
        }
    }

    /// What hwloc loaded, as a value.
    init(_ hwloc: HwlocTopology) {
        let nodeObjects = hwloc.objects(HWLOC_OBJ_NUMANODE)
        let cacheObjects = hwloc.objects(HWLOC_OBJ_L3CACHE)
        let allowed = hwloc.allowedThreads()
        defer { hwloc_bitmap_free(allowed) }

        // A machine whose cores are not shown has one for each hardware thread.
        let coreObjects = hwloc.objects(HWLOC_OBJ_CORE)
        let units = coreObjects.isEmpty ? hwloc.objects(HWLOC_OBJ_PU) : coreObjects
        cores = units.enumerated().map { number, unit in
            let set = unit.pointee.cpuset!
            return Core(
                number: number, package: Self.package(of: unit, in: hwloc) ?? 0,
                node: Self.home(of: set, among: nodeObjects),
                cacheGroup: cacheObjects.firstIndex { hwloc_bitmap_isincluded(set, $0.pointee.cpuset) != 0 },
                threads: HwlocTopology.numbers(in: set).map {
                    HardwareThread(number: $0, isAllowed: hwloc_bitmap_isset(allowed, UInt32($0)) != 0)
                })
        }
        // A description need not say how much memory there is: then it says so of no node.
        let sizes = nodeObjects.map { $0.pointee.attr.pointee.numanode.local_memory }
        let saysMemory = sizes.contains { $0 > 0 }
        let allowedNodes = hwloc_topology_get_allowed_nodeset(hwloc.handle)
        nodes = zip(nodeObjects, sizes).map { node, size in
            Node(
                number: Int(node.pointee.os_index), package: Self.package(of: node, in: hwloc),
                memory: saysMemory ? size : nil,
                isAllowed: hwloc_bitmap_isset(allowedNodes, node.pointee.os_index) != 0)
        }
        cacheGroups = cacheObjects.map { $0.pointee.attr.pointee.cache.size }
        distances = Self.distances(between: nodeObjects, in: hwloc)
    }

    private static func package(of object: UnsafeMutablePointer<hwloc_obj>, in hwloc: HwlocTopology) -> Int? {
        hwloc_get_ancestor_obj_by_type(hwloc.handle, HWLOC_OBJ_PACKAGE, object).map { Int($0.pointee.os_index) }
    }

    /// The node that is local to a core: of those around it the one with the fewest cores, and of several such (fast
    /// memory beside the ordinary) the one with the lowest number, to which Linux counts the core. `nil` where none is.
    private static func home(of set: hwloc_bitmap_t, among nodes: [UnsafeMutablePointer<hwloc_obj>]) -> Int? {
        let around = nodes.filter { hwloc_bitmap_isincluded(set, $0.pointee.cpuset) != 0 }
        let home = around.min { left, right in
            (hwloc_bitmap_weight(left.pointee.cpuset), left.pointee.os_index)
                < (hwloc_bitmap_weight(right.pointee.cpuset), right.pointee.os_index)
        }
        return home.map { Int($0.pointee.os_index) }
    }

    /// The firmware's latencies between nodes; `nil` where it gives none, or not for all nodes.
    private static func distances(between nodes: [UnsafeMutablePointer<hwloc_obj>], in hwloc: HwlocTopology)
        -> [[UInt64]]?
    {
        var count: UInt32 = 1
        var found: UnsafeMutablePointer<hwloc_distances_s>?
        let kind = UInt(HWLOC_DISTANCES_KIND_MEANS_LATENCY.rawValue)
        guard hwloc_distances_get_by_type(hwloc.handle, HWLOC_OBJ_NUMANODE, &count, &found, kind, 0) == 0,
            count > 0, let found
        else { return nil }
        defer { hwloc_distances_release(hwloc.handle, found) }
        let size = Int(found.pointee.nbobjs)
        let objects = (0..<size).map { found.pointee.objs[$0] }
        let positions = nodes.compactMap { node in objects.firstIndex { $0 == node } }
        guard positions.count == nodes.count else { return nil }
        return positions.map { row in positions.map { found.pointee.values[row * size + $0] } }
    }
}
