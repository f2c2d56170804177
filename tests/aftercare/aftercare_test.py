#!/usr/bin/env python3
"""etc/moodle/aftercare.php against a stand-in for Moodle: each call once, and again after a kill behind
each of them. Exit status 77: there is no PHP."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPT = f'{SOURCE}/etc/moodle/aftercare.php'
MOODLE = f'{SOURCE}/tests/aftercare/moodle'

ROWS = {
    'groups_members': [{'groupid': 5, 'userid': 7}, {'groupid': 5, 'userid': 8}, {'groupid': 6, 'userid': 9}],
    'role_assignments': [{'id': 70, 'contextid': 102, 'userid': 7, 'roleid': 5, 'component': '', 'itemid': 0}],
    'enrol': [{'id': 3, 'enrol': 'manual', 'courseid': 2, 'customint1': 1, 'customtext1': 'Hello'},
              {'id': 4, 'enrol': 'manual', 'courseid': 3, 'customint1': 0, 'customtext1': None}],
    'user_enrolments': [{'enrolid': 3, 'userid': 7}, {'enrolid': 3, 'userid': 8}, {'enrolid': 4, 'userid': 7}],
    'user': [{'id': 9, 'deleted': 1}, {'id': 7, 'deleted': 0}],
    'grade_grades': [{'id': 31}],
    'files': [{'contextid': 60, 'component': 'grade', 'filearea': 'feedback', 'itemid': 30},
              {'contextid': 60, 'component': 'grade', 'filearea': 'feedback', 'itemid': 30},
              {'contextid': 61, 'component': 'grade', 'filearea': 'historyfeedback', 'itemid': 30},
              {'contextid': 60, 'component': 'grade', 'filearea': 'feedback', 'itemid': 31}],
    'tool_dataprivacy_request': [{'id': 50, 'userid': 9, 'type': 2, 'status': 2, 'creationmethod': 1},
                                 {'id': 51, 'userid': 9, 'type': 2, 'status': 3, 'creationmethod': 1}],
}

# Each job, and the calls that it makes.
JOBS = [
    ({'job': 'course_groups', 'course': 2}, ['forget core/groupdata 2', 'hidden groups 2']),
    ({'job': 'member_groups', 'user': 7}, ['forget core/user_group_groupings 7']),
    ({'job': 'group_members', 'group': 5}, ['forget core/user_group_groupings 7,8']),
    ({'job': 'subscribe', 'course': 2, 'user': 7, 'role': 5}, ['subscribe 7 in 102 as 5']),
    ({'job': 'welcome', 'enrol': 3, 'user': 7, 'role': 5}, ['welcome 7 in 2 as 5 by 1: Hello']),
    ({'job': 'welcome', 'enrol': 3, 'user': 8, 'role': 0}, ['welcome 8 in 2 as nobody by 1: Hello']),
    ({'job': 'account_deleted', 'user': 9},
     ['grade_user_delete 9', 'competencies 9', 'delete_content 9', 'search 9', 'approve 50']),
    ({'job': 'completion', 'user': 7, 'course': 2}, ['forget core/completion 7_2']),
    ({'job': 'grade_deleted', 'grade': 30}, ['delete files grade/feedback/30 in 60']),
    # What is no longer wanted, or was undone.
    ({'job': 'grade_deleted', 'grade': 31}, []),
    ({'job': 'grade_deleted', 'grade': 32}, []),
    ({'job': 'group_members', 'group': 99}, []),
    ({'job': 'subscribe', 'course': 2, 'user': 8, 'role': 5}, []),
    ({'job': 'subscribe', 'course': 404, 'user': 7, 'role': 5}, []),
    ({'job': 'welcome', 'enrol': 4, 'user': 7, 'role': 5}, []),
    ({'job': 'welcome', 'enrol': 3, 'user': 99, 'role': 5}, []),
    ({'job': 'welcome', 'enrol': 99, 'user': 7, 'role': 5}, []),
    ({'job': 'account_deleted', 'user': 7}, []),
    ({'job': 'member_groups', 'user': 10}, ['forget core/user_group_groupings 10']),
]
CALLS = [call for _, calls in JOBS for call in calls]
RUN = '20261126T200000.000001'


def read(path):
    with open(path) as text:
        return text.read()


class Aftercare(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix='enrold-aftercare-')
        self.folder = f'{self.root}/aftercare'
        os.mkdir(self.folder)
        with open(f'{self.root}/rows.json', 'w') as out:
            json.dump(ROWS, out)

    def tearDown(self):
        shutil.rmtree(self.root)

    def leave(self, jobs, name=RUN):
        with open(f'{self.folder}/{name}.jsonl', 'w') as out:
            out.writelines(job if isinstance(job, str) else json.dumps(job, separators=(',', ':')) + '\n'
                           for job in jobs)

    def run_script(self, **environment):
        return subprocess.run(['php', SCRIPT, MOODLE, self.folder], capture_output=True, text=True,
                              env=os.environ | {'STAND_IN': self.root} | environment)

    def calls(self):
        path = f'{self.root}/calls'
        return read(path).splitlines() if os.path.exists(path) else []

    def files(self):
        return sorted(os.listdir(self.folder))

    def test_does_each_job_once_and_cleans_up(self):
        self.leave([job for job, _ in JOBS])
        done = self.run_script()
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertEqual(self.calls(), CALLS)
        self.assertEqual(self.files(), [])

    def test_does_nothing_where_nothing_is_left(self):
        done = subprocess.run(['php', SCRIPT, MOODLE, self.folder], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertEqual(self.calls(), [])

    def test_does_twice_noted_jobs_once(self):
        self.leave([job for job, _ in JOBS] * 3)
        self.assertEqual(self.run_script().returncode, 0)
        self.assertEqual(self.calls(), CALLS)

    def test_does_the_lists_of_several_runs(self):
        self.leave([JOBS[0][0]], '20261126T200000.000001')
        self.leave([JOBS[1][0]], '20261126T200000.000002')
        self.assertEqual(self.run_script().returncode, 0)
        self.assertEqual(self.calls(), JOBS[0][1] + JOBS[1][1])
        self.assertEqual(self.files(), [])

    def test_goes_on_after_a_kill_behind_each_call(self):
        for at in range(1, len(CALLS) + 1):
            with self.subTest(killed_behind=CALLS[at - 1]):
                self.tearDown()
                self.setUp()
                self.leave([job for job, _ in JOBS])
                self.assertEqual(self.run_script(KILL_AT=str(at)).returncode, -9)
                self.assertEqual(self.calls(), CALLS[:at])
                self.assertEqual(self.run_script().returncode, 0)
                calls = self.calls()
                self.assertEqual(list(dict.fromkeys(calls)), CALLS)
                self.assertEqual(self.files(), [])
                # Only the job that was killed may have been begun again, and no message is sent twice.
                again = [call for call in set(calls) if calls.count(call) > 1]
                begun = next(calls for _, calls in JOBS if CALLS[at - 1] in calls)
                self.assertLessEqual(set(again), set(begun))
                self.assertFalse([call for call in again if call.startswith('welcome')])

    def test_sends_a_message_that_a_kill_had_kept_from_being_sent(self):
        self.leave([JOBS[4][0]])
        with open(f'{self.folder}/{RUN}.progress', 'w') as out:
            out.write('begun 0 1700000000\n')
        self.assertEqual(self.run_script().returncode, 0)
        self.assertEqual(self.calls(), JOBS[4][1])

    def test_believes_no_note_that_a_kill_has_cut_short(self):
        self.leave([job for job, _ in JOBS[:2]])
        with open(f'{self.folder}/{RUN}.progress', 'w') as out:
            out.write('done 3')  # of "done 35"
        self.assertEqual(self.run_script().returncode, 0)
        self.assertEqual(self.calls(), JOBS[0][1] + JOBS[1][1])

    def test_tries_a_job_that_fails_again_and_puts_it_aside_in_the_end(self):
        self.leave([JOBS[3][0], JOBS[1][0]])
        for _ in range(4):
            done = self.run_script(FAIL='subscribe')
            self.assertEqual(done.returncode, 1)
            self.assertIn('no subscribe 7 in 102 as 5 today', done.stderr)
            self.assertEqual(self.calls(), [])
        done = self.run_script(FAIL='subscribe')
        self.assertEqual(done.returncode, 0)
        self.assertIn('put aside', done.stderr)
        self.assertEqual(self.calls(), JOBS[1][1])
        self.assertEqual(self.files(), [f'{RUN}.failed'])
        self.assertEqual(json.loads(read(f'{self.folder}/{RUN}.failed')), JOBS[3][0])

    def test_goes_on_when_the_failure_is_over(self):
        self.leave([JOBS[3][0], JOBS[1][0]])
        self.assertEqual(self.run_script(FAIL='subscribe').returncode, 1)
        self.assertEqual(self.run_script().returncode, 0)
        self.assertEqual(self.calls(), JOBS[3][1] + JOBS[1][1])

    def test_puts_aside_what_is_no_job(self):
        lines = ['no json\n', '{"job":"exec","user":7}\n', '{"job":"member_groups"}\n',
                 '{"job":"member_groups","user":"7 OR 1"}\n', '[]\n']
        self.leave(lines + [JOBS[1][0]])
        self.assertEqual(self.run_script().returncode, 0)
        self.assertEqual(self.calls(), JOBS[1][1])
        self.assertEqual(read(f'{self.folder}/{RUN}.failed'), ''.join(lines))

    def test_needs_moodle(self):
        for arguments, status in (([self.folder, self.folder], 78), ([], 64)):
            done = subprocess.run(['php', SCRIPT] + arguments, capture_output=True, text=True)
            self.assertEqual(done.returncode, status)


if __name__ == '__main__':
    if not shutil.which('php'):
        print('skipped: there is no php')
        sys.exit(77)
    unittest.main()
