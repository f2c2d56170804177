<?php
/* The rest of the stand-in: what Moodle keeps in namespaces. */
namespace core\session {
    class manager {
        public static function set_user($user): void {
        }
    }
}

namespace core\event {
    class role_assigned {
        public static function create(array $data): array {
            return $data;
        }
    }
}

namespace core_group {
    class visibility {
        public static function update_hiddengroups_cache(int $course): void {
            called("hidden groups $course");
        }
    }
}

namespace core_competency {
    class api {
        public static function hook_user_deleted($user): void {
            called("competencies $user");
        }
    }
}

namespace core_search {
    class manager {
        public static function context_deleted($context): void {
            called('search ' . $context->id());
        }
    }
}

namespace tool_dataprivacy {
    class api {
        const DATAREQUEST_TYPE_DELETE = 2;
        const DATAREQUEST_STATUS_AWAITING_APPROVAL = 2;

        public static function is_automatic_request_approval_on(int $type): bool {
            return true;
        }

        public static function approve_data_request($request): void {
            called("approve $request");
        }
    }
}
