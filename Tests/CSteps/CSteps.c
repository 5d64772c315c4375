#include "CSteps.h"

steps_before steps_before_access = 0;
steps_after_change steps_after_access = 0;

void steps_call(steps_before before, steps_after_change after_change) {
    steps_before_access = before;
    steps_after_access = after_change;
}
