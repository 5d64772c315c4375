#include "CGoogleBenchmark.h"
