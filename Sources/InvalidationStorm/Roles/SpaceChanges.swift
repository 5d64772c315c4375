import NotifierDispatch

/// What the storm's invalidators do: start, change the pages, end, through the notifiers; or, where a whole space is released,
/// its end, the change of all pages, and its set-up.
struct SpaceChanges: InvalidationWork {
    let control: StormControl
    let clock: TickClock
    /// The space in its first life, whose pages change.
    let space: StormSpace
    /// For arrivals that end the space.
    let lives: SpaceLives
    let shadow: ShadowTable
    /// Held around each section; `nil` where the driver has none.
    let mappingLock: MappingLock?
    let isBlockable: Bool
    let changeDelay: Delay
    /// Those of its changes that take long.
    var longChanges: LongChanges?
    var longestStartTicks: UInt64?

    mutating func carryOut(_ arrival: ArrivalSequence.Arrival) -> Bool {
        if arrival.event == .release {
            lives.renew { change(space.pageTable.wholeRange) }
            return true
        }
        mappingLock?.lock()
        defer { mappingLock?.unlock() }
        let invalidation = Invalidation(range: arrival.range, event: arrival.event, isBlockable: isBlockable)
        guard let section = start(invalidation) else { return false }
        change(arrival.range)
        shadow.checkNothingVisible(in: arrival.range)
        space.notifiers.invalidateRangeEnd(section)
        return true
    }

    /// Starts it. Times that, where starts are timed: what is left of an invalidation's time is the driver's own.
    private mutating func start(_ invalidation: Invalidation) -> InvalidationSection? {
        guard let longest = longestStartTicks else { return space.notifiers.invalidateRangeStart(invalidation) }
        let before = clock.now()
        let section = space.notifiers.invalidateRangeStart(invalidation)
        let (after, opening) = (clock.now(), control.windowStartTicks)
        // Of a start that was waiting when the window opened, the time from then on.
        // The window may have opened since `after` was read.
        let begin = max(before, opening)
        if opening != 0, after > begin { longestStartTicks = max(longest, after &- begin) }
        return section
    }

    private mutating func change(_ range: InvalidationRange) {
        space.change(range)
        changeDelay.spend()
        longChanges?.sleepIfDue(clock: clock)
    }
}
