import CPlatform
import CSteps
import Glibc
import TorturedDispatch

/// Delays inside the engine's protocols: before each atomic access of its copy, a thread of the torture now and then spins,
/// gives its processor up, or sleeps. So every window between two accesses is held open at times: between a recheck and the
/// install, a raise and the look at readers, the last end and the wake-up.
///
/// Between the last look and the store of a restartable sequence no call is possible: there it spins.
enum EngineDelays {
    /// How often, from 0, never, to 3. Changes with each space. Read without a step, since steps read it.
    private static let level = Atomic<UInt64>(0)

    /// To be called before there are threads.
    static func install() {
        steps_call({ _, _ in EngineDelays.step() }, nil)
        DelaysInSequences.draw = { EngineDelays.roundsInSequence() }
    }

    /// Draws how often, and whether delays sleep, here and in the driver.
    static func draw(_ random: inout SeededRandom) {
        level.store(random.below(4), ordering: .relaxed)
        SeededRandom.sleeps.store(random.oneIn(3), ordering: .relaxed)
    }

    private static func step() {
        let level = level.value.load(ordering: .relaxed)
        guard level > 0, let record = ThreadRecords.mineIfAny else { return }
        // 18 bits: at level 1 one access in 4,096 is delayed, at level 3 one in 256.
        let draw = record.delays.next() >> 46
        guard draw < 16 << (2 * level) else { return }
        Counts.delays.countWithoutStep()
        switch draw & 15 {
        case 0..<10: for _ in 0..<record.delays.below(2_000) { cplatform_spin_hint() }
        case 10..<15: sched_yield()
        default: if SeededRandom.maySleep { usleep(useconds_t(record.delays.below(300))) } else { sched_yield() }
        }
    }

    /// At level 1 one sequence in 64 spins, at level 3 one in four: up to some tenth of a millisecond, in which a timer, a
    /// signal or a membarrier is likely to come.
    private static func roundsInSequence() -> UInt64 {
        let level = level.value.load(ordering: .relaxed)
        guard level > 0, let record = ThreadRecords.mineIfAny else { return 0 }
        guard record.delays.next() >> 56 < 1 << (2 * level) else { return 0 }
        Counts.delaysInSequences.countWithoutStep()
        return record.delays.below(4_000)
    }
}
