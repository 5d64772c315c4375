import Foundation

/// Why a file could not be written or removed; what was there before is still there.
public struct AtomicFileError: Error, Equatable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// What was tried, and why it failed in the system's own words.
    public let reason: String

    /// One line for a person: the file, then the reason.
    public var description: String { "\(path): \(reason)" }
}

/// A file that is written as a whole: whoever reads it finds the old contents or the new ones, also after a kill or a
/// power failure.
///
/// The contents go to a hidden file beside it, from there to the disk, and only then under the file's name. Foundation's
/// atomic writing does that too, but goes on after a write that was cut short: at a size limit (RLIMIT_FSIZE) that
/// ends the process by SIGXFSZ.
public enum AtomicFile {
    /// Writes `text` to the file at `path`, and creates the folders on the way to it. A file that is there is replaced.
    ///
    /// Throws where something could not be written: the old file is whole then, and nothing is left beside it. A kill
    /// may leave the hidden file.
    public static func write(_ text: String, to path: String) throws(AtomicFileError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error
            throw AtomicFileError(
                path: path, reason: "cannot create the folder \(folder): \(cause.localizedDescription)")
        }
        let hidden = "\(folder)/.\(UUID().uuidString)"
        if let reason = create(hidden, Array(text.utf8)) {
            throw AtomicFileError(path: path, reason: reason)
        }
        guard rename(hidden, path) == 0 else {
            let reason = "cannot replace: \(lastSystemError)"
            unlink(hidden)
            throw AtomicFileError(path: path, reason: reason)
        }
        synchronize(folder: folder)
    }

    /// Writes a new file through to the disk; returns why it could not, and leaves no file then.
    private static func create(_ path: String, _ bytes: [UInt8]) -> String? {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return "cannot create: \(lastSystemError)" }
        defer { close(descriptor) }
        guard let reason = write(bytes, to: descriptor) else { return nil }
        unlink(path)
        return reason
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> String? {
        var written: Int
        repeat {
            written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        } while written < 0 && errno == EINTR
        if written < 0 { return "cannot write: \(lastSystemError)" }
        if written < bytes.count {
            return
                "only \(written) of \(bytes.count) bytes could be written: the disk is full or a size limit is reached"
        }
        return fsync(descriptor) == 0 ? nil : "cannot write to disk: \(lastSystemError)"
    }

    /// Waits until the new name is on the disk, where the file system can tell: before that, a power failure may bring
    /// the old file back.
    private static func synchronize(folder: String) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static var lastSystemError: String { String(cString: strerror(errno)) }
}
