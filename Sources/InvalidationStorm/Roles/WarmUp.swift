/// Looks at the faults of the warm-up in pieces of two milliseconds, and says when their rate is steady: when two pieces in
/// a row differ by less than five per cent.
struct WarmUp {
    static let pieceNanoseconds: UInt64 = 2_000_000
    /// The difference of two rates, as a part of the higher one, from which on they are not alike.
    private static let difference = 0.05

    private var faults: UInt64 = 0
    private var nanoseconds: UInt64
    private var rateBefore = 0.0
    /// Faults of all faulters in a nanosecond, in the last piece.
    private(set) var faultsPerNanosecond = 0.0
    /// The highest rate of a piece: that of the last one alone may be of a thread that lost its core, and would have each
    /// fault timed in a window in which it runs.
    private(set) var highestFaultsPerNanosecond = 0.0
    /// Whether the last two pieces are alike.
    private(set) var isSteady = false

    /// One that begins at a time of the monotonic clock.
    init(at nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// Ends a piece at a time of the monotonic clock; `faults` are those of all pieces so far.
    mutating func endPiece(at nanoseconds: UInt64, faults: UInt64) {
        guard nanoseconds > self.nanoseconds else { return }
        rateBefore = faultsPerNanosecond
        faultsPerNanosecond = Double(faults - self.faults) / Double(nanoseconds - self.nanoseconds)
        highestFaultsPerNanosecond = max(highestFaultsPerNanosecond, faultsPerNanosecond)
        (self.faults, self.nanoseconds) = (faults, nanoseconds)
        let (low, high) = (min(rateBefore, faultsPerNanosecond), max(rateBefore, faultsPerNanosecond))
        isSteady = low > 0 && high - low < Self.difference * high
    }
}
