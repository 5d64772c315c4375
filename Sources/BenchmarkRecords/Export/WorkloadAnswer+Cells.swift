extension WorkloadAnswer {
    /// The cell that one of its guards was measured in; `nil` if its name could not stand in a results file.
    func cell(of guardAnswer: GuardAnswer) -> CellName? {
        let parts = guardAnswer.name.split(separator: "/", maxSplits: 1)
        guard let guardName = parts.first else { return nil }
        let parameters = parts.count > 1 ? "/\(parts[1])" : ""
        return CellName("storm/\(guardName)/\(name)\(parameters)")
    }
}
