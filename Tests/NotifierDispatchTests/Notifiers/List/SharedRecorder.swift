@testable import NotifierDispatch

/// A shared subscriber that notes in its space's diary what happens to it.
class SharedRecorder: SharedSubscriber, @unchecked Sendable {
    // @unchecked: constants only, here and in the subclass.
    let diary: Diary
    let isFreed = Gate()
    /// Kept, as most drivers do: it makes a cycle until the last put.
    private let space: AddressSpace

    required init(space: AddressSpace) throws {
        diary = Diary.of(space)
        self.space = space
        try diary.onMake(space)
        diary.makes.count()
    }

    deinit { diary.deaths.count() }

    var capabilities: SubscriberCapabilities { diary.capabilities }

    func invalidationStarted(_ invalidation: Invalidation) -> StartResponse {
        noteCall(diary.starts)
        diary.onStart(self)
        return .done
    }

    func invalidationEnded(_ invalidation: Invalidation) {
        noteCall(diary.ends)
        diary.onEnd(self)
    }

    func released() {
        noteCall(diary.releases)
        diary.onReleased(self)
    }

    func free() {
        noteCall(diary.frees)
        diary.onFree()
        isFreed.open()
    }

    private func noteCall(_ calls: EventCounter) {
        if isFreed.isOpen { diary.callsAfterFree.count() }
        calls.count()
    }
}

/// The same as another type, of which a space has one of its own.
final class OtherSharedRecorder: SharedRecorder, @unchecked Sendable {}

/// What happened to all shared recorders of one space, and what they do. The engine makes them, so that they have to
/// find their diary by their space.
final class Diary: @unchecked Sendable {
    // @unchecked: the variables are set up before the first get, and only read from then on.
    var capabilities: SubscriberCapabilities = .receivesEnd
    var onMake: @Sendable (AddressSpace) throws -> Void = { _ in }
    var onStart: @Sendable (SharedRecorder) -> Void = { _ in }
    var onEnd: @Sendable (SharedRecorder) -> Void = { _ in }
    var onReleased: @Sendable (SharedRecorder) -> Void = { _ in }
    var onFree: @Sendable () -> Void = {}

    let makes = EventCounter()
    let starts = EventCounter()
    let ends = EventCounter()
    let releases = EventCounter()
    let frees = EventCounter()
    let callsAfterFree = EventCounter()
    let deaths = EventCounter()

    /// A space and its diary.
    static func makeSpace(pairing: PairingPolicy = .targetedUndo) -> (space: AddressSpace, diary: Diary) {
        let space = AddressSpace(pairing: pairing)
        let diary = Diary()
        diaries.set(diary, of: space)
        return (space, diary)
    }

    static func of(_ space: AddressSpace) -> Diary { diaries.get(of: space) }

    private static let diaries = Diaries()

    /// The diaries of all spaces. That of a space which is gone stays until another space takes its address.
    private final class Diaries: @unchecked Sendable {
        // @unchecked: `bySpace` is only touched with the mutex held.
        private let mutex = PthreadMutex()
        private var bySpace: [ObjectIdentifier: Diary] = [:]

        func set(_ diary: Diary, of space: AddressSpace) {
            mutex.lock()
            defer { mutex.unlock() }
            bySpace[ObjectIdentifier(space)] = diary
        }

        func get(of space: AddressSpace) -> Diary {
            mutex.lock()
            defer { mutex.unlock() }
            guard let diary = bySpace[ObjectIdentifier(space)] else { fatalError("no diary for this space") }
            return diary
        }
    }
}
