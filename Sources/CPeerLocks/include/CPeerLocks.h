// Locks of other libraries, for comparison: Concurrency Kit's as the inline code that they are, the C++ ones behind a C
// face. Thin: each function is the library's own, and what it orders is told to ThreadSanitizer.
//
// Each lock can be taken shared, with others that share it, and exclusively; a try takes it exclusively. The thread
// that took it gives it back.
#ifndef CPEERLOCKS_H
#define CPEERLOCKS_H

#include "CKCohortLock.h"
#include "CKPlainLocks.h"
#include "CKSlotLocks.h"
#include "StandardSharedMutex.h"
#include "TBBLocks.h"

#endif
