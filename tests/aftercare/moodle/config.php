<?php
/*
 * A stand-in for Moodle: the calls that aftercare.php makes, each of which is written down in
 * $STAND_IN/calls, behind which the process is killed when its number is $KILL_AT, and before which
 * it fails when $FAIL is in it. What the database says stands in $STAND_IN/rows.json: table => list of
 * rows; sending a welcome message adds a notification there.
 */
if (!defined('CLI_SCRIPT')) {
    exit(1);
}

function stand_in(string $name): string {
    return getenv('STAND_IN') . "/$name";
}

function called(string $what): void {
    static $count = 0;
    $fail = getenv('FAIL');
    if ($fail && str_contains($what, $fail)) {
        throw new RuntimeException("no $what today");
    }
    file_put_contents(stand_in('calls'), "$what\n", FILE_APPEND);
    if (++$count === (int)getenv('KILL_AT')) {
        posix_kill(getmypid(), SIGKILL);
    }
}

class database {
    public array $tables;

    public function __construct() {
        $this->tables = json_decode(file_get_contents(stand_in('rows.json')), true);
    }

    private function rows(string $table, array $conditions): array {
        return array_values(array_filter($this->tables[$table] ?? [],
            fn($row) => array_intersect_assoc($conditions, $row) == $conditions));
    }

    public function get_record($table, array $conditions, $fields = '*', $strictness = 0) {
        $rows = $this->rows($table, $conditions);
        return $rows ? (object)$rows[0] : false;
    }

    public function get_records($table, array $conditions): array {
        return array_map(fn($row) => (object)$row, $this->rows($table, $conditions));
    }

    public function record_exists($table, array $conditions): bool {
        return (bool)$this->rows($table, $conditions);
    }

    public function get_fieldset_select($table, $field, $select, array $values): array {
        preg_match_all('/(\w+) = \?/', $select, $names);
        return array_column($this->rows($table, array_combine($names[1], $values)), $field);
    }

    public function sql_like($field, $value): string {
        return "$field LIKE $value";
    }

    /* Of one question only: whether somebody has been welcomed since then. */
    public function record_exists_select($table, $select, array $values): bool {
        [$user, $since, $like] = $values;
        foreach ($this->tables[$table] ?? [] as $row) {
            if ($row['useridto'] === $user && $row['timecreated'] >= $since &&
                    str_ends_with($row['contexturl'], ltrim($like, '%'))) {
                return true;
            }
        }
        return false;
    }

    public function add(string $table, array $row): void {
        $this->tables[$table][] = $row;
        file_put_contents(stand_in('rows.json'), json_encode($this->tables));
    }
}

class cache_helper {
    public static function invalidate_by_definition($component, $area, array $identifiers, $keys): void {
        called("forget $component/$area " . implode(',', $keys));
    }
}

class file_storage {
    public function delete_area_files($context, $component, $area, $item): void {
        called("delete files $component/$area/$item in $context");
    }
}

function get_file_storage() {
    return new file_storage();
}

class context_user {
    private int $user;

    public static function instance($user, $strictness) {
        $context = new context_user();
        $context->user = $user;
        return $context;
    }

    public function delete_content(): void {
        called("delete_content $this->user");
    }

    public function id(): int {
        return $this->user;
    }
}

class context_course {
    public int $id;

    public static function instance($course, $strictness) {
        if ($course === 404) {
            return false;
        }
        $context = new context_course();
        $context->id = 100 + $course;
        return $context;
    }
}

class enrol_manual_plugin {
    public function send_course_welcome_message_to_user(
            stdClass $instance, int $userid, int $sendoption, ?string $message = '', ?int $roleid = null): void {
        global $DB;
        $DB->add('notifications', ['useridto' => $userid, 'timecreated' => time(),
            'contexturl' => "/user/view.php?id=$userid&course=$instance->courseid"]);
        called("welcome $userid in $instance->courseid as " . ($roleid ?? 'nobody') . " by $sendoption: $message");
    }
}

class mod_forum_observer {
    public static function role_assigned($event): void {
        called("subscribe {$event['relateduserid']} in {$event['context']->id} as {$event['objectid']}");
    }
}

function enrol_get_plugin($name) {
    return $name === 'manual' ? new enrol_manual_plugin() : null;
}

function get_admin() {
    return (object)['id' => 2];
}

define('IGNORE_MISSING', 0);
define('IGNORE_MULTIPLE', 1);
require(__DIR__ . '/namespaces.php');
$CFG = (object)['libdir' => __DIR__ . '/lib'];
$DB = new database();
