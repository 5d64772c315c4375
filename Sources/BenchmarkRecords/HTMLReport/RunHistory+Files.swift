extension RunHistory {
    /// Reads `files`, which are of one machine, as its history. A file that cannot be read, or has no date, is in
    /// ``unreadable``.
    public init(files: [String]) {
        var runs: [HistoryRun] = []
        var unreadable: [ResultsFileError] = []
        for path in files {
            do {
                runs.append(try HistoryRun(reading: path, metrics: ComparedMetric.everyDefault))
            } catch {
                unreadable.append(error)
            }
        }
        self.init(folder: "the files of this page", runs: runs, unreadable: unreadable)
    }
}
