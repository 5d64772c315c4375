/// A piece of the engine, and the same thing in C: what it costs, and what it costs at least.
///
/// Both do the piece so many times in one call and return how many of them went as they should, which is all of them.
/// They run on a registered thread.
struct Pair: Sendable {
    /// Which of the two.
    enum Side: String, CaseIterable {
        case swift, c
    }

    /// `<piece>/<what>`.
    let name: String
    /// The RCU flavour that its threads are registered with.
    let flavour: Flavour
    /// Whether it is also measured on several threads, which then share what it works on.
    let isShared: Bool
    private let swift: @Sendable (_ count: Int) -> Int
    private let c: @Sendable (_ count: UInt64) -> UInt64

    /// A pair; by default of the engine's own flavour and on one thread.
    init(
        _ name: String, flavour: Flavour = .bp, isShared: Bool = false,
        swift: @escaping @Sendable (_ count: Int) -> Int, c: @escaping @Sendable (_ count: UInt64) -> UInt64
    ) {
        self.name = name
        self.flavour = flavour
        self.isShared = isShared
        self.swift = swift
        self.c = c
    }

    /// What one side of it is called on the command line and in results.
    func name(of side: Side) -> String { "\(name)/\(side.rawValue)" }

    /// Runs one side `count` times on the calling thread. Returns how many of them went as they should.
    func run(_ side: Side, count: Int) -> Int {
        switch side {
        case .swift: swift(count)
        case .c: Int(c(UInt64(count)))
        }
    }
}
