#include "enrold/artefact.h"

/* A retry file has passwords in it. */
const struct artefact_kind artefact_kinds[ARTEFACTS] = {
    [ARTEFACT_RESULT] = {"result.csv", ".result.csv", 0640, .is_always = true},
    [ARTEFACT_RETRY] = {"retry.csv", ".retry.csv", 0600, .is_always = false},
    [ARTEFACT_PLAN] = {"plan.csv", ".plan.csv", 0640, .is_made_last = true},
    [ARTEFACT_REPORT] = {"report.html", ".report.html", 0640, .is_always = true,
        .is_never_packed = true, .is_made_last = true},
};
