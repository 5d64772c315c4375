#include "CSteps.h"

steps_before steps_before_access = 0;
steps_after_change steps_after_access = 0;
