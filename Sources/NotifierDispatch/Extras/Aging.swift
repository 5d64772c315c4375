/// Aging: reclaim asks whether the pages were used through the translations, which the primary page table cannot know.
/// Without it, pages that only a device uses would look idle and be taken first.
///
/// A subscriber answers `true` if it or its device used the pages since the last time they were cleared. All three may
/// be asked at any time, also inside sections. A subscriber that registers or leaves meanwhile may be asked or not.
extension AddressSpace {
    /// Asks every subscriber whether the pages are young, and makes them old everywhere, so that the next use is seen.
    /// Returns whether any was young. Reclaim asks this before it takes the pages.
    public func clearFlushYoung(_ range: InvalidationRange) -> Bool {
        var wasYoung = false
        list.visitEntries { entry in
            if entry.pointee.clearFlushYoung(range) { wasYoung = true }
            return true
        }
        return wasYoung
    }

    /// ``clearFlushYoung(_:)`` without a flush of what the device caches. It is cheaper, and may miss later uses for a
    /// while. For estimates of the working set.
    public func clearYoung(_ range: InvalidationRange) -> Bool {
        var wasYoung = false
        list.visitEntries { entry in
            if entry.pointee.clearYoung(range) { wasYoung = true }
            return true
        }
        return wasYoung
    }

    /// Asks the subscribers whether the page is young until one says so, and clears nothing. For collecting or merging
    /// pages that are not in use.
    public func testYoung(_ page: Int) -> Bool {
        var isYoung = false
        list.visitEntries { entry in
            isYoung = entry.pointee.testYoung(page)
            return !isYoung
        }
        return isYoung
    }
}
