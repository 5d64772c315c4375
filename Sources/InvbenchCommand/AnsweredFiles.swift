import BenchmarkRecords

/// Results files of one host, which together have one answer.
struct AnsweredFiles {
    /// What the host is called beside others.
    private let name: String
    private let host: MeasuredHost
    /// The repetitions of all files. Those of the second file follow those of the first: a block is never made from two
    /// files.
    private let rows: [ResultRow]
    /// The files, in order.
    let paths: [String]
    /// What each of them says about itself.
    let contexts: [[String: String]]
    /// The guards that the files declare unsafe.
    private let unprotectedGuards: Set<String>

    /// Reads `paths`, and puts the files of each host together. Hosts and files keep the order of `paths`.
    static func byHost(_ paths: [String]) throws -> [AnsweredFiles] {
        let files = try paths.map { path in try UsageError.explaining { try ResultsFile(reading: path) } }
        for (path, file) in zip(paths, files) {
            guard let absent = UnmeasuredRow.summary(of: file.unmeasured) else { continue }
            StandardError.say(PrintableText.of("\(path): \(absent)"))
        }
        let owners = MeasuredHost.hosts(of: files.map(\.context))
        var hosts: [MeasuredHost] = []
        for host in owners where !hosts.contains(host) { hosts.append(host) }
        // A host's own id is enough if each has one, and no two have the same.
        let ids = Set(hosts.compactMap(\.host))
        return hosts.map { host in
            AnsweredFiles(
                name: ids.count == hosts.count ? host.host ?? host.description : host.description, host: host,
                files: zip(owners, zip(paths, files)).filter { $0.0 == host }.map(\.1))
        }
    }

    /// Reads `paths`, which have to be of one host.
    static func ofOneHost(_ paths: [String]) throws -> AnsweredFiles {
        let hosts = try byHost(paths)
        guard let only = hosts.first, hosts.count == 1 else {
            throw UsageError(
                "measured on different machines: \(hosts.map(\.host.description).sorted().joined(separator: ", ")); take "
                    + "each of them alone")
        }
        return only
    }

    private init(name: String, host: MeasuredHost, files: [(path: String, results: ResultsFile)]) {
        var rows: [ResultRow] = []
        var unprotected: Set<String> = [AnswerOptions.unprotectedGuard]
        for file in files.map(\.results) {
            let blocks = (rows.compactMap(\.repetitionIndex).max() ?? -1) + 1
            rows += file.rows.map { $0.renumbered(by: blocks) }
            unprotected.formUnion(file.context["unprotected_guards"]?.split(separator: " ").map(String.init) ?? [])
        }
        // A file has its workloads in the random order of the first round.
        let byWorkload = Dictionary(grouping: rows) { $0.cell?.workloadName ?? "" }
        self.name = name
        self.host = host
        self.rows = byWorkload.keys.sorted().flatMap { byWorkload[$0, default: []] }
        paths = files.map(\.path)
        contexts = files.map(\.results.context)
        unprotectedGuards = unprotected
    }

    /// What they say about the guards, compared with `reference`. Intervals hold what is between runs as far as it was known
    /// when the runs were made; of several runs, the largest. Lines of `counts` stand beside ladders.
    func answer(reference: String, counts: CostTable? = nil) -> HostAnswer {
        let betweenRuns = contexts.map { context in
            context[AnswerOptions.betweenRunsKey].flatMap(Double.init).flatMap { $0 >= 0 && $0.isFinite ? $0 : nil }
                ?? WorkloadAnswer.defaultBetweenRuns
        }
        let options = AnswerOptions(
            reference: reference, unprotectedGuards: unprotectedGuards,
            betweenRuns: betweenRuns.max() ?? WorkloadAnswer.defaultBetweenRuns, counts: counts)
        return HostAnswer(
            name: name, host: host, machine: MachineText(context: contexts.first ?? [:]), rows: rows,
            answer: RunAnswer(rows: rows, options: options))
    }
}
