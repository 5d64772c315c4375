import CPlatform

/// Whether the calling thread is inside an interval subscriber's callback, where it must not wait for sections to end:
/// its own is one of them.
///
/// The notifier list needs none of this: its callbacks run inside a read section, which tells.
enum NotifierCallbacks {
    static func enter() { cplatform_thread().pointee.interval_callbacks += 1 }

    static func leave() { cplatform_thread().pointee.interval_callbacks -= 1 }

    /// Traps with `reason` inside a callback.
    static func trapInside(_ reason: String) {
        precondition(cplatform_thread().pointee.interval_callbacks == 0, reason)
    }
}
