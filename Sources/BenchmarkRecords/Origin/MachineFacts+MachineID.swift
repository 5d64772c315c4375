extension MachineFacts {
    /// A name for the hardware that a person can read and a file can have: `amd-epyc-1s2c2t-1n-3f2a`.
    ///
    /// The processor's model; sockets, cores and threads; NUMA nodes with memory; and four hexadecimal digits over these
    /// and the processor's revision. It survives a reboot and a change of the kernel, and so leaves out the amount of
    /// memory, of which each kernel keeps another part for itself. Two machines of one kind share a name: ``MeasuredHost``
    /// tells them apart.
    public var machineID: String {
        let counts = [(sockets, "s"), (cores, "c"), (threads, "t")].compactMap { count, unit in
            count.map { "\($0)\(unit)" }
        }
        let nodes = nodeMemory.map { "\($0.count)n" }
        let facts = [cpuModel, cpuRevision, counts.joined(), nodes].map { $0 ?? "" }.joined(separator: "\n")
        return [Self.slug(cpuModel ?? "cpu"), counts.joined(), nodes ?? "", ShortHash.of(facts, digits: 4)]
            .filter { !$0.isEmpty }.joined(separator: "-")
    }

    /// The words of a model name that tell models apart, in lower case, at most 40 characters.
    private static func slug(_ model: String) -> String {
        let bare = ["(R)", "(r)", "(TM)", "(tm)"].reduce(model) { $0.replacing($1, with: " ") }
        let withoutFrequency = bare.prefix { $0 != "@" }
        let words = withoutFrequency.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        let telling = words.filter { $0 != "cpu" && $0 != "processor" }
        var slug = ""
        for word in telling where slug.utf8.count + word.utf8.count < 40 {
            slug += slug.isEmpty ? String(word) : "-\(word)"
        }
        return slug.isEmpty ? "cpu" : slug
    }
}
