import CPlatform
import Glibc
import SeededNumbers
import TorturedDispatch

/// Random numbers that are the same in every run, and the delays that are drawn from them.
struct SeededRandom {
    private var words: SplitMix

    // Seeds that lie close together would give one sequence, shifted.
    init(seed: UInt64) { words = SplitMix(state: seed &* 0x9E37_79B9_7F4A_7C15) }

    mutating func next() -> UInt64 { words.next() }

    /// True once in `count` times.
    mutating func oneIn(_ count: UInt64) -> Bool { below(count) == 0 }

    /// A number below `count`, which is small: the bias does not matter.
    mutating func below(_ count: UInt64) -> UInt64 { (next() >> 32) % count }

    /// Whether delays sleep. In some spaces none does, so that more happens at a time. Changes with each space.
    static let sleeps = Atomic<Bool>(true)
    /// The same, without a step.
    static var maySleep: Bool { sleeps.value.load(ordering: .relaxed) }

    /// A delay as a preemption or an interrupt makes it: mostly none, sometimes a spin, seldom the processor given up or
    /// a sleep of up to `sleep` microseconds. With `sleep` 0, it never sleeps.
    mutating func delay(sleep: UInt64) {
        let draw = below(64)
        switch draw {
        case 0..<40: break
        case 40..<56: for _ in 0..<below(400) { cplatform_spin_hint() }
        case 56..<62: sched_yield()
        default: if sleep > 0, Self.maySleep { usleep(useconds_t(below(sleep))) } else { sched_yield() }
        }
    }
}
