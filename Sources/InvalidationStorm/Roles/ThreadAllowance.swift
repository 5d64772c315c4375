import Glibc
import NotifierDispatch

/// How many threads the kernel lets this process have.
public enum ThreadAllowance {
    /// Fewer threads than were asked for.
    public struct Shortage: Hashable, Sendable {
        /// How many could be started.
        public let started: Int
        /// The `errno` of the next one.
        public let error: Int32
    }

    /// What all of these threads wait for.
    private final class Gate: Sendable {
        let mutex = PthreadMutex()
    }

    /// Has `count` threads at once, 0 or more, each with memory of its own, and ends them again; returns `nil` where the
    /// kernel let it.
    ///
    /// A storm whose threads cannot all be started ends the process. Others may take threads at any time, and the storm
    /// takes memory besides, so this foretells, and promises nothing.
    public static func shortage(of count: Int) -> Shortage? {
        let gate = Gate()
        var handles: [pthread_t] = []
        var error: Int32 = 0
        gate.mutex.lock()
        while handles.count < count, error == 0 {
            let context = Unmanaged.passRetained(gate)
            var handle = pthread_t()
            error = pthread_create(
                &handle, nil,
                { context in
                    // The first piece of memory of a thread takes far more address space than it has.
                    let memory = malloc(64)
                    let gate = Unmanaged<Gate>.fromOpaque(context!).takeRetainedValue()
                    gate.mutex.lock()
                    gate.mutex.unlock()
                    return memory
                }, context.toOpaque())
            if error == 0 { handles.append(handle) } else { context.release() }
        }
        gate.mutex.unlock()
        for handle in handles {
            var memory: UnsafeMutableRawPointer?
            pthread_join(handle, &memory)
            free(memory)
        }
        return error == 0 ? nil : Shortage(started: handles.count, error: error)
    }
}
