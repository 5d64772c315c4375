import Glibc

/// Keeps `HWLOC_*` variables from changing the machine that is measured.
///
/// hwloc reads them when it loads a topology, and some (`HWLOC_SYNTHETIC`, `HWLOC_XMLFILE`) would have it take another
/// machine for this one. A result must be explained by the command line that made it, so they are not honoured.
enum HwlocEnvironment {
    /// Takes away those that are set, but for those that only change what hwloc says, and tells which. To be called
    /// before hwloc is used, while there is one thread.
    static func leaveBehind() {
        let present = names.filter { $0.hasPrefix("HWLOC_") && !$0.hasSuffix("_VERBOSE") && $0 != "HWLOC_HIDE_ERRORS" }
        if present.isEmpty { return }
        for variable in present { unsetenv(variable) }
        StandardError.say(
            "\(present.sorted().joined(separator: ", ")) in the environment: ignored; describe a machine with --topology"
        )
    }

    private static var names: [String] {
        var names: [String] = []
        var entry = environ
        while let text = entry.pointee {
            names.append(String(String(cString: text).prefix { $0 != "=" }))
            entry += 1
        }
        return names
    }
}
