import Foundation

/// Why a results file could not be written.
public struct RowStreamError: Error, CustomStringConvertible {
    /// The file.
    public let path: String
    /// What was tried, and why it failed in the system's own words.
    public let reason: String

    /// One line for a person: the file, then the reason.
    public var description: String { "\(path): \(reason)" }
}

/// A results file that is whole between two rows, however the run ends.
///
/// Each row is written together with the brackets that close the document, in one call, and the next row goes over
/// those brackets. So the file parses after every row; a run that is killed loses only what it had not finished:
///
///     {"benchmarks": [ A   ]}
///     {"benchmarks": [ A , B   ]}
///
/// What is not promised: a kill that arrives while the kernel copies a row which crosses a page boundary can tear
/// that row, and what a power failure leaves is settled only by ``finish()``.
///
/// The stream moves text and knows no JSON; the caller's pieces must make a document. Not thread safe.
public final class RowStream {
    /// Where the file is, as it was given.
    public let path: String
    /// The first thing that went wrong with a row; the file then ends at the row before it.
    public private(set) var failure: RowStreamError?

    private var descriptor: Int32
    /// Where the next row goes: the first byte of the closing brackets.
    private var offset: off_t = 0
    private var closing: [UInt8] = []

    /// Creates the file and the folders on the way to it, and writes an empty JSON object into it.
    ///
    /// Throws where a file of that name exists, or the file cannot be created or written; no file of ours is left.
    public init(creating path: String) throws(RowStreamError) {
        self.path = path
        var descriptor = Self.createExclusively(path)
        if descriptor < 0 && errno == ENOENT {
            try Self.createFolders(above: path)
            descriptor = Self.createExclusively(path)
        }
        guard descriptor >= 0 else {
            throw RowStreamError(path: path, reason: "cannot create: \(Self.lastSystemError)")
        }
        self.descriptor = descriptor
        try writeOrRemove(Array("{}\n".utf8))
    }

    /// Starts the document: `header` up to the place of the first row, `closing` what makes it whole (never empty).
    ///
    /// Throws when it cannot be written; the file is removed then, since it holds no row.
    public func begin(_ header: String, closing: String) throws(RowStreamError) {
        precondition(self.closing.isEmpty && !closing.isEmpty, "a document begins once, and has a closing")
        self.closing = Array(closing.utf8)
        try writeOrRemove(Array(header.utf8) + self.closing)
        offset = off_t(header.utf8.count)
    }

    /// Writes one row, with what separates it from the one before.
    ///
    /// Throws at the first row that does not fit or cannot be written: the file is put back to the row before and
    /// still parses. Rows after that are dropped without a word, so that the run can go on; see ``failure``.
    public func append(_ chunk: String) throws(RowStreamError) {
        precondition(!closing.isEmpty, "append comes after begin")
        guard failure == nil, descriptor >= 0 else { return }
        let row = Array(chunk.utf8)
        if let reason = write(row + closing, at: offset) {
            let error = RowStreamError(path: path, reason: reason + restoreLastRow())
            failure = error
            throw error
        }
        offset += off_t(row.count)
    }

    /// Waits until the file is on the disk, and closes it. A second call does nothing.
    ///
    /// Throws when the system reports that something did not reach the disk.
    public func finish() throws(RowStreamError) {
        guard descriptor >= 0 else { return }
        let synced = fsync(descriptor) == 0
        let reason = Self.lastSystemError
        close(descriptor)
        descriptor = -1
        guard synced else { throw RowStreamError(path: path, reason: "cannot write to disk: \(reason)") }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Puts the brackets back over a row that failed; returns what to add to the message.
    ///
    /// The brackets are written before the file is cut: their bytes are still allocated, whereas on a full disk
    /// somebody else could take the block that cutting first would free.
    private func restoreLastRow() -> String {
        guard write(closing, at: offset) == nil, ftruncate(descriptor, offset + off_t(closing.count)) == 0 else {
            return "; the last complete row could not be restored either: \(Self.lastSystemError)"
        }
        return ""
    }

    private func writeOrRemove(_ bytes: [UInt8]) throws(RowStreamError) {
        guard let reason = write(bytes, at: 0) else { return }
        unlink(path)
        close(descriptor)
        descriptor = -1
        throw RowStreamError(path: path, reason: reason)
    }

    /// One `pwrite`, nil when all went out. A short write is not continued: there is no room, and going on at a
    /// size limit (RLIMIT_FSIZE) would raise SIGXFSZ, which this never does while the limit lets a byte through.
    private func write(_ bytes: [UInt8], at offset: off_t) -> String? {
        var written: Int
        repeat {
            written = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, offset) }
        } while written < 0 && errno == EINTR
        if written == bytes.count { return nil }
        if written < 0 { return "cannot write: \(Self.lastSystemError)" }
        return "only \(written) of \(bytes.count) bytes could be written: the disk is full or a size limit is reached"
    }

    private static func createExclusively(_ path: String) -> Int32 {
        open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    }

    private static func createFolders(above path: String) throws(RowStreamError) {
        for slash in path.unicodeScalars.indices.dropFirst() where path.unicodeScalars[slash] == "/" {
            let folder = String(path[..<slash])
            if mkdir(folder, 0o755) != 0 && errno != EEXIST {
                throw RowStreamError(path: path, reason: "cannot create the folder \(folder): \(lastSystemError)")
            }
        }
    }

    private static var lastSystemError: String { String(cString: strerror(errno)) }
}
