/// For who sets what runs before each access.
@_exported import CSteps
/// A table's entries are atomics of this kind.
@_exported import SteppedAtomics
