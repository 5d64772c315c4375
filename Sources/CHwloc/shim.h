// hwloc for Swift: all that is used of it is imported as it is.
#ifndef CHWLOC_SHIM_H
#define CHWLOC_SHIM_H

#include <hwloc.h>

#endif
