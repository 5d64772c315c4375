import CHwloc
import Glibc

/// A topology in hwloc's own form, loaded.
///
/// Bad input is an error here: through its environment hwloc would take the real machine instead, without a word.
final class HwlocTopology: @unchecked Sendable {
    // @unchecked: once loaded it is only read, which hwloc allows from any thread.
    let handle: hwloc_topology_t
    private let source: TopologySource

    init(_ source: TopologySource) throws(TopologyError) {
        if case .description(let text) = source {
            guard let size = TopologySource.size(ofDescription: text), size <= TopologySource.descriptionLimit else {
                throw TopologyError(
                    description: "'\(text)' has more than \(TopologySource.descriptionLimit) hardware threads; "
                        + "describe a smaller machine")
            }
        }
        var created: hwloc_topology_t?
        guard hwloc_topology_init(&created) == 0, let created else {
            throw TopologyError(description: "hwloc cannot start: \(Self.reason())")
        }
        let isLoaded = Self.select(source, in: created) && hwloc_topology_load(created) == 0
        let reason = Self.reason()
        guard isLoaded, hwloc_get_nbobjs_by_type(created, HWLOC_OBJ_PU) > 0 else {
            hwloc_topology_destroy(created)
            throw Self.unreadable(source, reason: reason)
        }
        handle = created
        self.source = source
    }

    deinit { hwloc_topology_destroy(handle) }

    /// Says what is to be loaded; `false` where hwloc refuses it.
    private static func select(_ source: TopologySource, in handle: hwloc_topology_t) -> Bool {
        // What is hidden is shown as such; and loading leaves the thread where it is.
        let flags = HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED.rawValue | HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING.rawValue
        guard hwloc_topology_set_flags(handle, UInt(flags)) == 0 else { return false }
        return switch source {
        case .thisMachine: true
        case .description(let text): hwloc_topology_set_synthetic(handle, text) == 0
        case .file(let path): hwloc_topology_set_xml(handle, path) == 0
        }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }

    private static func unreadable(_ source: TopologySource, reason: String) -> TopologyError {
        switch source {
        case .thisMachine:
            TopologyError(description: "hwloc cannot read this machine: \(reason)")
        case .description(let text):
            TopologyError(
                description: "hwloc cannot read the description '\(text)'; write one like "
                    + "'pack:2 [numa] core:4 pu:2', or name a file that ends in .xml")
        case .file(let path): unreadable(file: path, reason: reason)
        }
    }

    private static func unreadable(file path: String, reason: String) -> TopologyError {
        if let version = versionOfFile(path), version > 2 {
            return TopologyError(
                description: "\(path): XML of hwloc \(version), and the hwloc here reads that of version 2 and older; "
                    + "export it with 'lstopo --of xml --export-xml-flags v2 machine.xml', or with an lstopo of hwloc 2"
            )
        }
        return TopologyError(
            description: "\(path): hwloc cannot read it\(access(path, R_OK) == 0 ? "" : " (\(reason))"); "
                + "make one with 'lstopo machine.xml'")
    }

    /// The major version of hwloc's XML that a file says it is; `nil` where it says none.
    private static func versionOfFile(_ path: String) -> Int? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        // The first element is a few lines into the file.
        var beginning = [UInt8](repeating: 0, count: 4096)
        beginning.removeLast(beginning.count - fread(&beginning, 1, beginning.count, file))
        let text = String(decoding: beginning, as: UTF8.self)
        return text.firstMatch(of: /<topology\s[^>]*version\s*=\s*["']([0-9]+)/).flatMap { Int($0.1) }
    }

    /// The hardware threads that this process may run on, as hwloc's set; to be destroyed by the caller.
    func allowedThreads() -> hwloc_bitmap_t {
        let allowed: hwloc_bitmap_t = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(handle))
        guard source == .thisMachine else { return allowed }
        // The process's, not the calling thread's: that one may be bound already.
        let mask: hwloc_bitmap_t = hwloc_bitmap_alloc()
        defer { hwloc_bitmap_free(mask) }
        if hwloc_get_cpubind(handle, mask, Int32(HWLOC_CPUBIND_PROCESS.rawValue)) == 0 {
            hwloc_bitmap_and(allowed, allowed, mask)
        }
        return allowed
    }

    /// The objects of a type, in the order of the machine.
    func objects(_ type: hwloc_obj_type_t) -> [UnsafeMutablePointer<hwloc_obj>] {
        var objects: [UnsafeMutablePointer<hwloc_obj>] = []
        while let next = hwloc_get_next_obj_by_type(handle, type, objects.last) { objects.append(next) }
        return objects
    }

    /// hwloc's set of `numbers`; to be destroyed by the caller.
    static func set(of numbers: [Int]) -> hwloc_bitmap_t {
        let set: hwloc_bitmap_t = hwloc_bitmap_alloc()
        for number in numbers { hwloc_bitmap_set(set, UInt32(number)) }
        return set
    }

    /// The numbers in a set, rising.
    static func numbers(in set: hwloc_bitmap_t) -> [Int] {
        var numbers: [Int] = []
        while case let next = hwloc_bitmap_next(set, Int32(numbers.last ?? -1)), next >= 0 { numbers.append(Int(next)) }
        return numbers
    }
}
