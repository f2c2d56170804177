#include "rights.h"

const struct table_rights table_rights[] = {
    {"config", ""},
    {"config_plugins", ""},
    {"user_info_field", ""},
    {"course_categories", ""},
    {"course", ""},
    {"role", ""},
    {"role_context_levels", ""},
    {"enrol", ""},
    {"user", "iu"},
    {"context", "iu"},
    {"user_info_data", "iud"},
    {"user_preferences", "iud"},
    {"user_password_history", "d"},
    {"sessions", "d"},
    {"role_assignments", "id"},
    {"user_enrolments", "iud"},
    {"groups", "iu"},
    {"groups_members", "id"},
    {"groupings", "i"},
    {"groupings_groups", "i"},
    {"cohort", "i"},
    {"cohort_members", "id"},
    {"cache_flags", "iu"},
    {"logstore_standard_log", "i"},
};

const size_t table_rights_count = sizeof table_rights / sizeof table_rights[0];
