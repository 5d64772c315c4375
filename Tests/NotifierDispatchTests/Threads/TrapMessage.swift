import Testing

extension ExitTest.Result {
    /// Whether the process said `message` before it trapped. Optimised builds keep no messages of preconditions, so
    /// there it is true.
    func trapped(saying message: String) -> Bool {
        #if DEBUG
            String(decoding: standardErrorContent, as: UTF8.self).contains(message)
        #else
            true
        #endif
    }
}
