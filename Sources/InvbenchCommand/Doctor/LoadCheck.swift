import BenchmarkRecords

/// The other programs that use the processors.
extension Examination {
    func loadFinding() -> Finding {
        let subject = "other load"
        guard let load else { return .unseen(subject) }
        let stolen =
            load.stolen > 0.01 * Double(load.processors)
            ? "; the hypervisor gave \(Self.tenths(load.stolen)) to others" : ""
        let use = "\(Self.tenths(load.busy)) of \(load.processors) processors\(stolen)"
        guard load.busy >= 0.1 else {
            return stolen.isEmpty
                ? .ok(subject, "none to speak of in half a second")
                : .note(subject, "\(use): run again when the host is quiet")
        }
        if load.burners.isEmpty {
            return .change(
                subject,
                "\(use) in half a second, by processes that are not shown here. Look for them outside of "
                    + "this container.")
        }
        let burners = load.burners.map {
            "\(PrintableText.of($0.name)) (\($0.process)) \(Self.tenths($0.processors))"
        }
        return .change(
            subject,
            "\(use) in half a second: \(burners.joined(separator: ", ")). It takes cores and caches from the "
                + "run: end it, or wait for it.")
    }
}
