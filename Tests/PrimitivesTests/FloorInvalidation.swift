import CPrimitiveFloors
import NotifierDispatch

extension floor_invalidation {
    /// The same, as the engine has it.
    var invalidation: Invalidation {
        guard let range = InvalidationRange(pages: Int(start_page)..<Int(end_page)),
            let event = InvalidationEvent(rawValue: event)
        else { fatalError("a floor handed on what is no invalidation") }
        return Invalidation(range: range, event: event, isBlockable: is_blockable != 0)
    }
}
