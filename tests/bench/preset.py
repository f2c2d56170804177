#!/usr/bin/env python3
"""What a preset costs: the same rows by enrold's own columns, and by a site's preset that maps
their columns and words, in turn.

    tests/bench/preset.py [--rounds 7] [--rows 200000]

Processor's time and rows a second of whole processes on SQLite, with their answers; new enrolments
first, and then the same file again. Medians; the ratio is that of each round.
"""
import argparse, os, resource, shutil, statistics, subprocess, tempfile, time

from ground import BIN, prepare

PRESET = '''about: what an HR system calls its columns and words
feed: { unknown_columns: ignore }
kinds:
  - name: staff
    has: [Login, Course, Role, Status]
    feed:
      columns: { Login: username, Course: course1, Role: role1 }
      values:
        role1: { Learner: student, Teacher: editingteacher, "*": error }
        Status: { active: { enrolstatus1: 0 }, inactive: { enrolstatus1: 1 } }
      empty: ["NULL", "N/A"]
'''
NIGHTS = 'new', 'again'


def run(work, url, text, feed):
    """Seconds, and those of the processor."""
    spool = f'{work}/spool'
    shutil.rmtree(spool, ignore_errors=True)
    os.makedirs(f'{spool}/inbox')
    with open(f'{work}/enrold.yaml', 'w') as out:
        out.write(f'spool: {spool}\nsettle: 0\nlog_level: error\nlms: {{ url: "{url}" }}\n')
        out.write(f'feeds: {{ default: {feed} }}\n')
    with open(f'{spool}/inbox/staff.csv', 'w') as out:
        out.write(text)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([f'{BIN}/enrold', '--config', f'{work}/enrold.yaml', '--once'], check=True)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--rows', type=int, default=200_000)
    options = parser.parse_args()
    base, data = prepare(options.rows)
    with open(data) as file:
        rows = [line.split(',')[:2] for line in file.read().splitlines()[1:]]
    took = {}
    with tempfile.TemporaryDirectory() as work:
        with open(f'{work}/own.yaml', 'w') as out:
            out.write(PRESET)
        ways = {
            'plain': ('username,course1,role1,enrolstatus1', 'student,0', '{}'),
            'preset': ('Login,Course,Role,Status', 'Learner,active', f'{{ preset: {work}/own.yaml }}'),
        }
        for _ in range(options.rounds):
            for way, (header, cells, feed) in ways.items():
                shutil.copy(base, f'{work}/lms.db')
                text = header + '\n' + ''.join(f'{who},{course},{cells}\n' for who, course in rows)
                for night in NIGHTS:
                    figures = run(work, f'sqlite:{work}/lms.db', text, feed)
                    took.setdefault((way, night), []).append(figures)
    print('| | plain, rows/s | preset, rows/s | processor\'s time |\n|---|---|---|---|')
    for night in NIGHTS:
        plain, preset = took['plain', night], took['preset', night]
        speeds = [options.rows / statistics.median(wall for wall, _ in way) for way in (plain, preset)]
        ratio = statistics.median(b[1] / a[1] for a, b in zip(plain, preset))
        print(f'| {night} | {speeds[0]:,.0f} | {speeds[1]:,.0f} | {ratio:.2f} |')


main()
