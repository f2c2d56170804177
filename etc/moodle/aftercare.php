<?php
/*
 * aftercare: does what enrold, which writes into Moodle's database, cannot: tells Moodle's caches,
 * sends welcome messages, subscribes to forums, and removes what is more than rows of those whose
 * accounts were deleted. For the web server's user:
 *
 *     php aftercare.php /var/www/moodle /var/lib/enrold/aftercare
 *
 * Each file there, R.jsonl, is what one run of enrold's has left to do, a JSON object a line. A line
 * is done once: R.progress says how far it has come, and whether a job was begun, so that it can be
 * killed at any moment and started again. Whether a job is still wanted is asked of Moodle first. A
 * job that fails stops the script (exit status 1), to be tried again by whoever starts it; after
 * TRIES it is put aside in R.failed and the others go on.
 */

const TRIES = 5;

if (PHP_SAPI !== 'cli' || $argc !== 3) {
    fwrite(STDERR, "usage: php aftercare.php MOODLE FOLDER\n");
    exit(64);
}
[, $moodle, $folder] = $argv;
if (!is_file("$moodle/config.php")) {
    fwrite(STDERR, "aftercare: $moodle has no config.php: it is not Moodle's folder\n");
    exit(78);
}

/* ---- how far a file has come ---- */

/* Lines "begun OFFSET TIME", "done OFFSET" and "tried OFFSET" of the jobs by their places. */
final class progress {
    private string $path;
    private $file;
    public int $done = 0;   /* bytes of the list that need not be looked at again */
    private array $begun = []; /* by place: when */
    private array $tried = []; /* by place: how often in vain */

    public function __construct(string $path) {
        $this->path = $path;
        $text = is_file($path) ? file_get_contents($path) : '';
        $whole = (int)strrpos($text, "\n") + ($text !== '' && strpos($text, "\n") !== false ? 1 : 0);
        foreach (explode("\n", substr($text, 0, $whole)) as $line) {
            $words = explode(' ', $line);
            if ($words[0] === 'done') {
                $this->done = (int)$words[1];
            } else if ($words[0] === 'begun') {
                $this->begun[(int)$words[1]] = (int)$words[2];
            } else if ($words[0] === 'tried') {
                $this->tried[(int)$words[1]] = ($this->tried[(int)$words[1]] ?? 0) + 1;
            }
        }
        $this->file = fopen($path, 'c');
        if (!$this->file || !ftruncate($this->file, $whole) || fseek($this->file, 0, SEEK_END) !== 0) {
            throw new RuntimeException("cannot write $path");
        }
    }

    private function add(string $line): void {
        if (fwrite($this->file, "$line\n") !== strlen($line) + 1 || !fflush($this->file) || !fsync($this->file)) {
            throw new RuntimeException("cannot write $this->path");
        }
    }

    /* When the job there was begun and not ended, or null: it is begun now. */
    public function begin(int $place): ?int {
        $before = $this->begun[$place] ?? null;
        if ($before === null) {
            $this->add("begun $place " . time());
        }
        return $before;
    }

    public function end(int $next): void {
        $this->add("done $next");
        $this->done = $next;
    }

    /* True: often enough. */
    public function fail(int $place): bool {
        $this->add("tried $place");
        $this->tried[$place] = ($this->tried[$place] ?? 0) + 1;
        return $this->tried[$place] >= TRIES;
    }

    public function remove(): void {
        fclose($this->file);
        unlink($this->path);
    }
}

/* ---- the jobs ---- */

function forget(string $definition, array $keys): void {
    if ($keys) {
        cache_helper::invalidate_by_definition('core', $definition, [], $keys);
    }
}

function course_groups(stdClass $job): void {
    forget('groupdata', [$job->course]);
    if (is_callable(['\core_group\visibility', 'update_hiddengroups_cache'])) {
        \core_group\visibility::update_hiddengroups_cache($job->course);
    }
}

function member_groups(stdClass $job): void {
    forget('user_group_groupings', [$job->user]);
}

function group_members(stdClass $job): void {
    global $DB;
    forget('user_group_groupings',
        array_values($DB->get_fieldset_select('groups_members', 'userid', 'groupid = ?', [$job->group])));
}

/* Its observer of a role that was given, as if it had been told. */
function subscribe(stdClass $job): void {
    global $DB;
    $context = context_course::instance($job->course, IGNORE_MISSING);
    if (!$context || !class_exists('mod_forum_observer')) {
        return;
    }
    $role = $DB->get_record('role_assignments',
        ['contextid' => $context->id, 'userid' => $job->user, 'roleid' => $job->role], '*', IGNORE_MULTIPLE);
    if (!$role) {
        return;
    }
    mod_forum_observer::role_assigned(\core\event\role_assigned::create([
        'context' => $context,
        'objectid' => $role->roleid,
        'relateduserid' => $role->userid,
        'other' => ['id' => $role->id, 'component' => $role->component, 'itemid' => $role->itemid],
    ]));
}

/* Whether a welcome that was begun then, and not known to have ended, was sent. */
function was_welcomed(stdClass $instance, int $user, int $since): bool {
    global $DB;
    return $DB->record_exists_select('notifications',
        "useridto = ? AND component = 'moodle' AND eventtype = 'enrolcoursewelcomemessage' AND timecreated >= ? AND " .
        $DB->sql_like('contexturl', '?'), [$user, $since, "%course=$instance->courseid"]);
}

function welcome(stdClass $job, ?int $begun): void {
    global $DB;
    $instance = $DB->get_record('enrol', ['id' => $job->enrol, 'enrol' => 'manual']);
    $plugin = enrol_get_plugin('manual');
    if (!$instance || empty($instance->customint1) || !$plugin ||
            !method_exists($plugin, 'send_course_welcome_message_to_user') ||
            !$DB->record_exists('user_enrolments', ['enrolid' => $job->enrol, 'userid' => $job->user]) ||
            ($begun !== null && was_welcomed($instance, $job->user, $begun))) {
        return;
    }
    $arguments = [$instance, $job->user, (int)$instance->customint1, $instance->customtext1];
    if ((new ReflectionMethod($plugin, 'send_course_welcome_message_to_user'))->getNumberOfParameters() > 4) {
        $arguments[] = $job->role ?: null;
    }
    $plugin->send_course_welcome_message_to_user(...$arguments);
}

/* Where the site approves such requests by itself, as it does with those that it makes. */
function erasure_approve(int $user): void {
    global $DB;
    $api = '\tool_dataprivacy\api';
    if (!is_callable([$api, 'is_automatic_request_approval_on']) || !$api::is_automatic_request_approval_on($api::DATAREQUEST_TYPE_DELETE)) {
        return;
    }
    $requests = $DB->get_records('tool_dataprivacy_request', ['userid' => $user, 'creationmethod' => 1,
        'type' => $api::DATAREQUEST_TYPE_DELETE, 'status' => $api::DATAREQUEST_STATUS_AWAITING_APPROVAL]);
    foreach ($requests as $request) {
        $api::approve_data_request($request->id);
    }
}

function account_deleted(stdClass $job): void {
    global $CFG, $DB;
    if (!$DB->record_exists('user', ['id' => $job->user, 'deleted' => 1])) {
        return;
    }
    require_once("$CFG->libdir/gradelib.php");
    grade_user_delete($job->user);
    if (is_callable(['\core_competency\api', 'hook_user_deleted'])) {
        \core_competency\api::hook_user_deleted($job->user);
    }
    $context = context_user::instance($job->user, IGNORE_MISSING);
    if ($context) {
        $context->delete_content();
        \core_search\manager::context_deleted($context);
    }
    erasure_approve($job->user);
}

function completion(stdClass $job): void {
    forget('completion', ["{$job->user}_$job->course"]);
}

/* The files of its feedback, which are those of no other grade: ids do not come again. */
function grade_deleted(stdClass $job): void {
    global $DB;
    if ($DB->record_exists('grade_grades', ['id' => $job->grade])) {
        return;
    }
    $of = ['component' => 'grade', 'filearea' => 'feedback', 'itemid' => $job->grade];
    foreach (array_unique($DB->get_fieldset_select('files', 'contextid',
            'component = ? AND filearea = ? AND itemid = ?', array_values($of))) as $context) {
        get_file_storage()->delete_area_files($context, $of['component'], $of['filearea'], $of['itemid']);
    }
}

const JOBS = ['course_groups' => ['course'], 'member_groups' => ['user'], 'group_members' => ['group'],
    'subscribe' => ['course', 'user', 'role'], 'welcome' => ['enrol', 'user', 'role'], 'account_deleted' => ['user'],
    'completion' => ['user', 'course'], 'grade_deleted' => ['grade']];

/* Null: the line is not a job that this script knows. */
function job_read(string $line): ?stdClass {
    $job = json_decode($line);
    if (!$job instanceof stdClass || !is_string($job->job ?? null) || !isset(JOBS[$job->job])) {
        return null;
    }
    foreach (JOBS[$job->job] as $name) {
        if (!is_int($job->$name ?? null)) {
            return null;
        }
    }
    return $job;
}

/* ---- lists ---- */

function tell(string $what): void {
    fwrite(STDERR, "aftercare: $what\n");
}

function put_aside(string $list, string $line): void {
    if (file_put_contents(preg_replace('/jsonl$/', 'failed', $list), "$line\n", FILE_APPEND) === false) {
        throw new RuntimeException("cannot put a job of $list aside");
    }
}

/* False: try again later. */
function job_do(string $list, string $line, int $place, progress $progress): bool {
    $job = job_read($line);
    if (!$job) {
        tell("$list: not a job: $line");
        put_aside($list, $line);
        return true;
    }
    try {
        if ($job->job === 'welcome') {
            welcome($job, $progress->begin($place)); /* the only one that must not be done twice */
        } else {
            ($job->job)($job);
        }
    } catch (Throwable $error) {
        $is_over = $progress->fail($place);
        tell("$list: $line: " . $error->getMessage() . ($is_over ? '; put aside' : ''));
        if ($is_over) {
            put_aside($list, $line);
        }
        return $is_over;
    }
    return true;
}

/* What was done and undone by enrold may stand there twice. */
function list_do(string $list): bool {
    $file = fopen($list, 'r');
    if (!$file || !flock($file, LOCK_EX | LOCK_NB)) {
        return true; /* another one is at it, or it is gone */
    }
    $progress = new progress(preg_replace('/jsonl$/', 'progress', $list));
    $seen = [];
    for ($place = 0; ($line = fgets($file)) !== false; $place = ftell($file)) {
        $line = rtrim($line, "\n");
        $key = md5($line, true);
        $is_known = isset($seen[$key]);
        $seen[$key] = true;
        if ($is_known || $place < $progress->done) {
            continue;
        }
        if (!job_do($list, $line, $place, $progress)) {
            return false;
        }
        $progress->end(ftell($file));
    }
    unlink($list);
    $progress->remove();
    return true;
}

/* Of a list that was removed just before a kill. */
function leftovers_remove(string $folder): void {
    foreach (glob("$folder/*.progress") as $path) {
        if (!is_file(preg_replace('/progress$/', 'jsonl', $path))) {
            unlink($path);
        }
    }
}

leftovers_remove($folder);
$lists = glob("$folder/*.jsonl");
if (!$lists) {
    exit(0); /* without having started Moodle */
}

define('CLI_SCRIPT', true);
require("$moodle/config.php");
\core\session\manager::set_user(get_admin());

$is_done = true;
foreach ($lists as $list) {
    $is_done = list_do($list) && $is_done;
}
exit($is_done ? 0 : 1);
