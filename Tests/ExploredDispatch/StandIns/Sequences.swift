import CPlatform
import CSteps
import Interleaving

// membarrier is a step that orders everything, which it is in any case. A restartable sequence is a step, too: either it
// is aborted, or nothing comes between its looks and its store.

func cplatform_membarrier_register() -> Int32 { 0 }
func cplatform_membarrier_restart_register() -> Int32 { 0 }

func cplatform_membarrier() -> Int32 {
    Scheduler.shared.step()
    return 0
}

func cplatform_membarrier_restart() -> Int32 {
    Scheduler.shared.step()
    return 0
}

func cplatform_membarrier_restart_processor(_ processor: Int32) -> Int32 { 0 }
func cplatform_membarrier_global() -> Int32 { 0 }
func cplatform_restartable_area() -> Int { 0 }

@usableFromInline
func cplatform_restartable_store(
    _ area: Int, _ word: UnsafeRawPointer, _ expected: UInt64, _ slot: UnsafeMutableRawPointer, _ value: UInt64
) -> Bool {
    Scheduler.shared.step()
    if Scheduler.shared.takesSecondWay() { return false }
    guard word.load(as: UInt64.self) == expected else { return false }
    slot.storeBytes(of: value, as: UInt64.self)
    steps_note_change(slot)
    return true
}

@usableFromInline
func cplatform_restartable_store_if_both(
    _ area: Int, _ word: UnsafeRawPointer, _ expected: UInt64, _ second: UnsafeRawPointer, _ expectedSecond: UInt64,
    _ slot: UnsafeMutableRawPointer, _ value: UInt64
) -> Bool {
    Scheduler.shared.step()
    if Scheduler.shared.takesSecondWay() { return false }
    guard word.load(as: UInt64.self) == expected, second.load(as: UInt64.self) == expectedSecond else { return false }
    slot.storeBytes(of: value, as: UInt64.self)
    steps_note_change(slot)
    return true
}
