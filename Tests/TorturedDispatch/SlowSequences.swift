import CSteps

// They stand before CPlatform's in the engine's copy: the same sequences, which spin before they store as often as
// ``DelaysInSequences`` says.

@usableFromInline
func cplatform_restartable_store(
    _ area: Int, _ word: UnsafeRawPointer, _ expected: UInt64, _ slot: UnsafeMutableRawPointer, _ value: UInt64
) -> Bool {
    let rounds = DelaysInSequences.draw()
    if DelaysInSequences.areDeaf { return steps_plain_store(word, expected, slot, value, rounds) }
    return steps_restartable_store(area, word, expected, slot, value, rounds)
}

@usableFromInline
func cplatform_restartable_store_if_both(
    _ area: Int, _ word: UnsafeRawPointer, _ expected: UInt64, _ second: UnsafeRawPointer, _ expectedSecond: UInt64,
    _ slot: UnsafeMutableRawPointer, _ value: UInt64
) -> Bool {
    let rounds = DelaysInSequences.draw()
    if DelaysInSequences.areDeaf { return steps_plain_store(word, expected, slot, value, rounds) }
    return steps_restartable_store_if_both(area, word, expected, second, expectedSecond, slot, value, rounds)
}

/// How long restartable sequences spin between their last look and their store. Set before there are threads.
public enum DelaysInSequences {
    /// Draws the rounds of one sequence on the thread that enters it; 0 for none.
    nonisolated(unsafe) public static var draw: @Sendable () -> UInt64 = { 0 }
    /// Whether the kernel does not know of the sequences, so that they go on where they were interrupted.
    nonisolated(unsafe) public static var areDeaf = false
}
