/// The folders of the control groups that a process is in, of version 1, version 2 or both.
struct ControlGroups {
    private let files: FactFiles
    private let mounts: [Mount]
    /// The path of the group in its hierarchy, by controller; of version 2 with an empty name.
    private let paths: [String: String]

    /// A hierarchy, or a part of it, at a place among the files.
    private struct Mount {
        /// An empty name stands for version 2, which has all controllers.
        var controllers: [String]
        /// The group that is mounted.
        var group: String
        var place: String
    }

    /// Of the process that `proc/self` shows.
    init(_ files: FactFiles) {
        self.files = files
        mounts = files.text("proc/self/mountinfo")?.split(separator: "\n").compactMap(Self.mount) ?? []
        var paths: [String: String] = [:]
        for line in files.text("proc/self/cgroup")?.split(separator: "\n") ?? [] {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3 else { continue }
            for controller in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
                paths[String(controller)] = parts[2]
            }
        }
        self.paths = paths
    }

    /// `31 23 0:28 /group /place options - cgroup source superoptions`, with any number of words before the dash.
    private static func mount(_ line: Substring) -> Mount? {
        let words = line.split(separator: " ").map(String.init)
        guard let dash = words.firstIndex(of: "-"), dash >= 6, words.count >= dash + 4 else { return nil }
        switch words[dash + 1] {
        case "cgroup":
            return Mount(
                controllers: words[dash + 3].split(separator: ",").map(String.init), group: words[3], place: words[4])
        case "cgroup2": return Mount(controllers: [""], group: words[3], place: words[4])
        default: return nil
        }
    }

    /// The process's own group and those above it, as far as they are shown; none where `controller` is not known.
    ///
    /// A controller is in a hierarchy of version 1, or else in that of version 2.
    func folders(of controller: String) -> [String] {
        let name = paths[controller] == nil ? "" : controller
        guard let path = paths[name], let mount = mounts.first(where: { $0.controllers.contains(name) }) else {
            return []
        }
        let root = mount.group == "/" ? "" : mount.group
        // A path outside of what is mounted, such as `/..` in a container, leaves the mounted group itself.
        let isBelow = path == root || path.hasPrefix(root + "/")
        var below = isBelow && !path.hasPrefix("/..") ? path.dropFirst(root.count).split(separator: "/") : []
        var folders: [String] = []
        while true {
            folders.append(([mount.place] + below.map(String.init)).joined(separator: "/"))
            if below.popLast() == nil { return folders.filter { !files.names(in: $0).isEmpty } }
        }
    }

    /// The first of `names` that the nearest group shows.
    func nearest(_ controller: String, _ names: [String]) -> String? {
        for folder in folders(of: controller) {
            if let text = names.lazy.compactMap({ files.text(folder + "/" + $0) }).first { return text }
        }
        return nil
    }
}
