/// The repetitions of a workload that were measured beside each other: every guard once, in one state of the cores.
struct Block {
    /// At most one repetition of each guard.
    let rows: [GuardVariant: ResultRow]
}

/// The blocks of a workload, sorted by the state of the cores that they met.
struct Blocks {
    /// Those of each state, the state with the most blocks first. One thread alone has no state.
    let byState: [(state: CoreState?, blocks: [Block])]
    /// How many blocks are of no state, and left out as a whole.
    let setAside: Int

    /// Fewer repetitions than this share of a block in one state, and the block is set aside.
    private static let smallestShare = 0.75

    /// Sorts the repetitions of one workload. Those with one index were measured beside each other.
    ///
    /// A block is kept or set aside as a whole, so that no guard has late repetitions of its own. A repetition of a block
    /// that is kept is left out alone if the cores changed their state inside it.
    init(_ rows: [ResultRow], states: CoreStates) {
        let cells = rows.compactMap { row in row.cell.map { (row: row, guardVariant: GuardVariant(of: $0)) } }
        let byIndex = Dictionary(grouping: cells) { $0.row.repetitionIndex ?? 0 }
        var found: [CoreState?: [Block]] = [:]
        var setAside = 0
        for index in byIndex.keys.sorted() {
            let members = byIndex[index, default: []].map { (member: $0, met: states.met(by: $0.row)) }
            let met = Dictionary(grouping: members) { $0.met }
            // Of two states with as many repetitions the nearer one is taken, for the same answer each time.
            let common = met.keys.max { first, second in
                (met[first]!.count, -first.order) < (met[second]!.count, -second.order)
            }
            guard let common, common != .changed,
                Double(met[common]!.count) >= Self.smallestShare * Double(members.count)
            else {
                setAside += 1
                continue
            }
            let state: CoreState? = if case .one(let state) = common { state } else { nil }
            let rows = met[common]!.map { ($0.member.guardVariant, $0.member.row) }
            found[state, default: []].append(Block(rows: Dictionary(rows) { first, _ in first }))
        }
        byState = found.sorted {
            ($0.value.count, -($0.key?.roundTrip ?? 0)) > ($1.value.count, -($1.key?.roundTrip ?? 0))
        }
        .map { (state: $0.key, blocks: $0.value) }
        self.setAside = setAside
    }
}

extension RunAnswer {
    /// How many blocks of the workload met the cores in one state, as far as all of a run's `rows` tell states apart.
    package static func blocksInOneState(_ rows: [ResultRow], ofWorkload workload: String) -> Int {
        let own = rows.filter { $0.cell?.workloadName == workload }
        return Blocks(own, states: CoreStates(rows)).byState.first?.blocks.count ?? 0
    }
}

extension CoreStates.Met {
    /// A number to sort by.
    fileprivate var order: Double {
        switch self {
        case .one(let state): state.roundTrip
        case .unknown: .infinity
        case .changed: .greatestFiniteMagnitude
        }
    }
}
