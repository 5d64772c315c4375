import Testing
@testable import NotifierDispatch
