"""What every bench stands on: where things lie, the site, the files of rows, and processes with their cost.

The site has USERS people p0..., COURSES courses C0..., and nobody in any of them. It and the files are
made once, in BENCH, on a disk that is one: what is measured has every flush.
"""
import os, random, subprocess, sys, time
from collections import namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get('ENROLD_PROGRAMS', f'{ROOT}/build/release')
BENCH = os.environ.get('ENROLD_BENCH', f'{ROOT}/build/bench')
USERS, COURSES = int(os.environ.get('ENROLD_USERS', 200_000)), 200

# Of a whole process: seconds by the clock, of its processor's time in programs and in the kernel; MiB at most.
Took = namedtuple('Took', 'seconds user system memory')


def config(url, spool, more=''):
    path = f'{spool}.yaml'
    with open(path, 'w') as out:
        out.write(f'spool: {spool}\nlms: {{ url: "{url}" }}\nlog_level: error\n{more}')
    return path


def once(path):
    """Without settling: the file lies there whole."""
    with open(path) as source:
        text = source.read()
    with open(f'{path}.once', 'w') as out:
        out.write(text + 'settle: 0\n')
    return f'{path}.once'


def site():
    """The path of the site as an SQLite database, which nobody may write to."""
    os.makedirs(BENCH, exist_ok=True)
    base = f'{BENCH}/base.db' if USERS == 200_000 else f'{BENCH}/base-{USERS}.db'
    if os.path.exists(base):
        return base
    with open(f'{BENCH}/users.csv', 'w') as out:
        out.write('username,firstname,lastname,email\n')
        out.writelines(f'p{i},A,B,p{i}@example.org\n' for i in range(USERS))
    with open(f'{BENCH}/courses.csv', 'w') as out:
        out.write('shortname\n')
        out.writelines(f'C{i}\n' for i in range(COURSES))
    if os.path.exists(f'{base}.part'):
        os.remove(f'{base}.part')
    ctl = [f'{BIN}/enrolctl', '--config', config(f'sqlite:{base}.part', f'{BENCH}/none'), 'lms']
    for command in (['init'], ['add-users', f'{BENCH}/users.csv'], ['add-courses', f'{BENCH}/courses.csv']):
        subprocess.run(ctl + command, check=True, stdout=subprocess.DEVNULL)
    os.rename(f'{base}.part', base)
    return base


def rows_file(rows):
    """The path of a file of so many rows, each of somebody and two courses, at random."""
    data = f'{BENCH}/rows-{rows}-of-{USERS}.csv'
    if not os.path.exists(data):
        dice = random.Random(1)
        with open(f'{data}.part', 'w') as out:
            out.write('username,course1,course2\n')
            for _ in range(rows):
                first, second = dice.sample(range(COURSES), 2)
                out.write(f'p{dice.randrange(USERS)},C{first},C{second}\n')
        os.rename(f'{data}.part', data)
    return data


def prepare(rows):
    return site(), rows_file(rows)


def ten_rows(path, number):
    """Ten people of their own for each number below a tenth of USERS, in ten courses."""
    with open(path, 'w') as out:
        out.write('username,course1\n')
        out.writelines(f'p{(number * 10 + k) % USERS},C{k}\n' for k in range(10))


def timed(argv, stdin=None):
    start = time.monotonic()
    process = subprocess.Popen(argv, stdin=stdin, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    process.returncode = status
    if status != 0:
        sys.exit(f'{argv[0]} ended with {status}')
    return Took(seconds, usage.ru_utime, usage.ru_stime, usage.ru_maxrss / 1024)


def percentile(found, share):
    """Of something sorted."""
    return found[min(len(found) - 1, len(found) * share // 100)]
