#!/usr/bin/env python3
"""How quickly a year of answers is looked through: enrolctl runs and explain, from a cold disk.

    tests/bench/year.py [--runs 400] [--rows 300000] [--place DIR] [--programs DIR] [--readme]

A year is made up in DIR (20 GB by default, below build/): a SQLite site, and of each run the
ledger's row, the summary and the result. Then the commands are timed, each after the kernel has
dropped its caches (as root; else they are warm, which is said), beside a floor in the same run:
grep, which reads all answers once. With --readme the table replaces the one in tests/RESULTS.md. The year
is removed at the end.
"""
import argparse, hashlib, json, os, random, re, shutil, sqlite3, subprocess, sys, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COURSES, VARIANTS, START = 200, 4, 1767225600  # 2026-01-01
STATE = '"status=0;timestart=1795478400;timeend=0;roles=student"'


def result(rows, seed):
    """A nightly file in which all is so already, but for some whom nobody knows."""
    people = list(range(rows))
    random.Random(seed).shuffle(people)
    out = ['line,username,column,target,outcome,code,message,before,after\n']
    for line, p in enumerate(people, 2):
        course = f'C{p % COURSES}'
        if p % 1000 == 999:
            out.append(f'{line},new{p},username,new{p},error,user_not_found,'
                       f"No account 'new{p}': correct the user name or create the account first.,,\n")
        else:
            out.append(f'{line},p{p},course1,{course},unchanged,already_enrolled,'
                       f'All of it was so already.,{STATE},{STATE}\n')
    return ''.join(out).encode()


def run_id(number):
    at = START + number * 79200
    return time.strftime('%Y%m%d-%H%M%S-', time.gmtime(at)) + f'{number % 1000000:06}', at


def summary(run, at, rows, body, sha256):
    errors = rows // 1000
    return json.dumps({
        'run': run, 'feed': 'default', 'mode': 'apply', 'status': 'done', 'refusal': None, 'exact': True,
        'node': 'bench', 'version': '0.2.0', 'policy_sha256': '0' * 64,
        'input': {'name': 'staff.csv', 'bytes': rows * 12, 'sha256': '1' * 64}, 'rows': rows,
        'outcomes': {'done': 0, 'unchanged': rows - errors, 'warning': 0, 'error': errors, 'skipped': 0},
        'codes': {'already_enrolled': rows - errors, 'user_not_found': errors}, 'remarks': [],
        'started': time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime(at)),
        'finished': time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime(at + 60)),
        'files': [{'name': f'staff.{run}.result.csv', 'bytes': len(body), 'sha256': sha256}],
        'previous': '0' * 64, 'chain': '0' * 64}, separators=(',', ':')) + '\n'


def site_make(place, programs, rows):
    config = f'{place}/enrold.yaml'
    with open(config, 'w') as out:
        out.write(f'spool: {place}/spool\nnode: bench\nlms: {{ url: "sqlite:{place}/lms.db" }}\nlog_level: error\n')
    with open(f'{place}/users.csv', 'w') as out:
        out.write('username,firstname,lastname,email\n')
        out.writelines(f'p{i},A,B,p{i}@example.org\n' for i in range(min(rows, 50000)))
    with open(f'{place}/courses.csv', 'w') as out:
        out.write('shortname\n')
        out.writelines(f'C{i}\n' for i in range(COURSES))
    for command in (['init'], ['add-users', f'{place}/users.csv'], ['add-courses', f'{place}/courses.csv']):
        subprocess.run([f'{programs}/enrolctl', '--config', config, 'lms'] + command, check=True,
                       stdout=subprocess.DEVNULL)
    return config


def year_make(place, programs, runs, rows):
    config = site_make(place, programs, rows)
    outbox = f'{place}/spool/outbox'
    os.makedirs(outbox, mode=0o750)
    bodies = [result(rows, seed) for seed in range(VARIANTS)]
    hashes = [hashlib.sha256(body).hexdigest() for body in bodies]
    ledger = sqlite3.connect(f'{place}/lms.db')
    for number in range(runs):
        run, at = run_id(number)
        body, sha256 = bodies[number % VARIANTS], hashes[number % VARIANTS]
        text = summary(run, at, rows, body, sha256)
        with open(f'{outbox}/staff.{run}.result.csv', 'wb') as out:
            out.write(body)
        with open(f'{outbox}/staff.{run}.summary.json', 'w') as out:
            out.write(text)
        ledger.execute(
            'INSERT INTO enrold_run (run, state, feed, name, node, sha256, bytes, policy, started_us, today, records,'
            ' result_bytes, retry_bytes, counts, summary, summary_sha256, result_sha256, retry_sha256)'
            " VALUES (?, 'applied', 'default', 'staff.csv', 'bench', ?, ?, '', ?, ?, ?, ?, 0, ?, ?, ?, ?, '')",
            (run, '1' * 64, rows * 12, at * 1000000, at, rows, len(body),
             f'rows={rows} rows_in_error={rows // 1000} unchanged={rows - rows // 1000} error={rows // 1000}', text,
             hashlib.sha256(text.encode()).hexdigest(), sha256))
    ledger.commit()
    ledger.close()


def caches_drop():
    try:
        os.sync()
        with open('/proc/sys/vm/drop_caches', 'w') as out:
            out.write('3\n')
        return True
    except OSError:
        return False


def timed(argv, expect=None):
    """Seconds, peak memory in MiB, and lines of output."""
    is_cold = caches_drop()
    start = time.monotonic()
    process = subprocess.Popen(argv, stdout=subprocess.PIPE)
    lines = process.stdout.read().count(b'\n')
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    if status not in (0, 256 if argv[0] == 'grep' else 0) or (expect and lines != expect):
        sys.exit(f'{argv[:6]} ended with {status}, {lines} lines of {expect}')
    return seconds, usage.ru_maxrss / 1024, is_cold


def readme_write(text):
    path = f'{ROOT}/tests/RESULTS.md'
    with open(path) as file:
        readme = file.read()
    mark = re.compile(r'<!-- year -->\n.*?<!-- /year -->\n', re.S)
    if not mark.search(readme):
        sys.exit('tests/RESULTS.md has no place for a year')
    with open(path, 'w') as out:
        out.write(mark.sub(lambda _: f'<!-- year -->\n{text}<!-- /year -->\n', readme))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--runs', type=int, default=400)
    parser.add_argument('--rows', type=int, default=300000)
    parser.add_argument('--place', default=f'{ROOT}/build/bench')
    parser.add_argument('--programs', default=f'{ROOT}/build/release')
    parser.add_argument('--readme', action='store_true')
    options = parser.parse_args()
    place = f'{options.place}/year'
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    try:
        # In a process of its own: what it takes would count as its children's peak memory.
        if (maker := os.fork()) == 0:
            year_make(place, options.programs, options.runs, options.rows)
            os._exit(0)
        if os.waitpid(maker, 0)[1] != 0:
            sys.exit('no year could be made')
        config = f'{place}/enrold.yaml'
        ctl = [f'{options.programs}/enrolctl', '--config', config, '--json']
        outbox = f'{place}/spool/outbox'
        answers = [f'{outbox}/{name}' for name in os.listdir(outbox) if name.endswith('.result.csv')]
        size = sum(os.path.getsize(answer) for answer in answers)
        person, course = 'p123', 'C123'
        floor = timed(['grep', '-c', 'no such thing'] + answers)
        times = [
            ('grep, which reads them all: the floor', floor),
            ('`runs --limit 0`', timed(ctl + ['runs', '--limit', '0'], options.runs)),
            ('`explain` for the first time: all indexes are made', timed(
                ctl + ['explain', person, course], options.runs + 3)),
            ('`explain`', timed(ctl + ['explain', person, course], options.runs + 3)),
            ('`show last`', timed(ctl + ['show', 'last'])),
        ]
        index = f'{place}/spool/index'
        indexes = sum(os.path.getsize(f'{index}/{name}') for name in os.listdir(index)) if os.path.isdir(index) else 0
        text = (f'{options.runs} runs of {options.rows:,} rows, {size / 1e9:.1f} GB of answers, '
                f'{indexes / 1e9:.2f} GB of indexes, {"cold" if floor[2] else "warm"}:\n\n'
                '| | seconds | times as fast as the floor | peak memory |\n|---|---|---|---|\n')
        for name, (seconds, memory, _) in times:
            text += f'| {name} | {seconds:.2f} | {floor[0] / seconds:.1f} | {memory:.0f} MiB |\n'
        print(text, end='')
        if options.readme:
            readme_write(text)
    finally:
        shutil.rmtree(place, ignore_errors=True)


main()
