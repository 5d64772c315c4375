import Foundation

/// Why a file could not be written; what was there before is still there.
public struct AtomicFileError: Error, Equatable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// What was tried, and why it failed in the system's own words.
    public let reason: String

    /// One line for a person: the file, then the reason.
    public var description: String { "\(path): \(reason)" }

    init(_ path: String, _ attempt: String, _ error: any Error) {
        self.path = path
        let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error
        reason = "\(attempt): \(cause.localizedDescription)"
    }
}

/// A file that is written as a whole: whoever reads it finds the old contents or the new ones, also after a kill or a
/// power failure.
public enum AtomicFile {
    /// Writes `text` to the file at `path`, and creates the folders on the way to it. A file that is there is replaced.
    ///
    /// Throws where something could not be written: the old file is whole then, and nothing is left beside it. A kill
    /// may leave a hidden file.
    public static func write(_ text: String, to path: String) throws(AtomicFileError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw AtomicFileError(path, "cannot create the folder \(folder)", error)
        }
        do {
            // To a file beside it, to the disk, and only then under its name.
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw AtomicFileError(path, "cannot write", error)
        }
        synchronize(folder: folder)
    }

    /// Waits until the new name is on the disk, where the file system can tell: before that, a power failure may bring
    /// the old file back.
    private static func synchronize(folder: String) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
