/// The cells that two programs have both, of those that flags of `run` choose.
struct SharedCells {
    /// In the order of the base.
    let names: [String]
    let onlyInBase: [String]
    let onlyInNew: [String]
    /// What the user should know about the choice, a line each.
    let notes: [String]

    init(flags: RunFlags, base: MeasuredProgram, new: MeasuredProgram) throws {
        let (bases, news) = (try base.cells(flags.all), try new.cells(flags.all))
        // A process measures one cell, which it finds among the registered ones; a profile has some more.
        let registered = try base.cells(flags.choosingAny)
        let shared = bases.filter(news.contains)
        names = shared.filter(registered.contains)
        onlyInBase = bases.filter { !news.contains($0) }
        onlyInNew = news.filter { !bases.contains($0) }
        if names.isEmpty {
            throw UsageError("\(base.label) and \(new.label): no cell in common; choose others behind --")
        }
        let left = shared.filter { !registered.contains($0) }.joined(separator: ", ")
        notes =
            left.isEmpty ? [] : ["left out, since only flags such as --walk-ns choose them and not a name: \(left)"]
    }
}
