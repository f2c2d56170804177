#!/usr/bin/env python3
"""How fast enrold is, as ratios to a floor measured in the same run (CONTRACT 8).

    tests/bench/bench.py [--rounds 5] [--rows 250000] [--readme]

The floor is the engine's own bulk loader, ../shared/floors/sqlite.sql, on a copy of the same
database and for the same rows. Times are of whole processes, answers flushed to disk, audit rows
on. Latency is from the rename that drops a file of ten rows to its summary in the outbox. With
--readme the table replaces the one in README.md.
"""
import argparse, os, random, shutil, signal, statistics, subprocess, sys, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = f'{ROOT}/build/release'
BENCH = f'{ROOT}/build/bench'
FLOOR = f'{ROOT}/../shared/floors/sqlite.sql'
USERS, COURSES, DROPS = 200_000, 200, 300


def config(database, spool):
    path = f'{spool}.yaml'
    with open(path, 'w') as out:
        out.write(f'spool: {spool}\nlms: {{ url: "sqlite:{database}" }}\nlog_level: error\n')
    return path


def prepare(rows):
    """The site and the file, made once."""
    os.makedirs(BENCH, exist_ok=True)
    base, data = f'{BENCH}/base.db', f'{BENCH}/rows-{rows}.csv'
    if not os.path.exists(base):
        with open(f'{BENCH}/users.csv', 'w') as out:
            out.write('username,firstname,lastname,email\n')
            out.writelines(f'p{i},A,B,p{i}@example.org\n' for i in range(USERS))
        with open(f'{BENCH}/courses.csv', 'w') as out:
            out.write('shortname\n')
            out.writelines(f'C{i}\n' for i in range(COURSES))
        ctl = [f'{BIN}/enrolctl', '--config', config(f'{base}.part', f'{BENCH}/none'), 'lms']
        for command in (['init'], ['add-users', f'{BENCH}/users.csv'], ['add-courses', f'{BENCH}/courses.csv']):
            subprocess.run(ctl + command, check=True, stdout=subprocess.DEVNULL)
        os.rename(f'{base}.part', base)
    if not os.path.exists(data):
        dice = random.Random(1)
        with open(data, 'w') as out:
            out.write('username,course1,course2\n')
            for _ in range(rows):
                first, second = dice.sample(range(COURSES), 2)
                out.write(f'p{dice.randrange(USERS)},C{first},C{second}\n')
    return base, data


def timed(argv, stdin=None):
    """Seconds, and the peak resident memory in MiB."""
    start = time.monotonic()
    process = subprocess.Popen(argv, stdin=stdin, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f'{argv[0]} ended with {status}')
    return time.monotonic() - start, usage.ru_maxrss / 1024


def copy_of(base, name):
    path = f'{BENCH}/{name}.db'
    for end in ('', '-wal', '-shm'):
        if os.path.exists(path + end):
            os.remove(path + end)
    shutil.copyfile(base, path)
    os.sync()
    return path


def floor_round(base, data):
    """New enrolments, then all of them there already."""
    database = copy_of(base, 'floor')
    script = f'{BENCH}/floor.sql'
    with open(FLOOR) as source, open(script, 'w') as out:
        out.write(source.read().replace('FILE', data))
    times = []
    for _ in range(2):
        with open(script) as stdin:
            times.append(timed(['sqlite3', database], stdin)[0])
    return times


def enrold_round(base, data):
    database, spool = copy_of(base, 'enrold'), f'{BENCH}/spool'
    shutil.rmtree(spool, ignore_errors=True)
    path = config(database, spool)
    times, peak = [], 0
    for _ in range(2):
        os.makedirs(f'{spool}/inbox', exist_ok=True)
        shutil.copyfile(data, f'{spool}/inbox/rows.csv')
        seconds, memory = timed([f'{BIN}/enrold', '--config', once(path), '--once'])
        times.append(seconds)
        peak = max(peak, memory)
    return times, peak


def once(path):
    """Without settling: the file lies there whole."""
    with open(path) as source:
        text = source.read()
    with open(f'{path}.once', 'w') as out:
        out.write(text + 'settle: 0\n')
    return f'{path}.once'


def latency(base):
    """Milliseconds from drop to answer, sorted."""
    database, spool = copy_of(base, 'latency'), f'{BENCH}/spool-latency'
    shutil.rmtree(spool, ignore_errors=True)
    daemon = subprocess.Popen([f'{BIN}/enrold', '--config', config(database, spool)])
    while not os.path.isdir(f'{spool}/outbox'):
        time.sleep(0.05)
    time.sleep(0.5)
    found, outbox = [], f'{spool}/outbox'
    for i in range(DROPS):
        staged = f'{spool}/.staged'
        with open(staged, 'w') as out:
            out.write('username,course1\n')
            out.writelines(f'p{i * 10 + k},C{k}\n' for k in range(10))
        start = time.monotonic()
        os.rename(staged, f'{spool}/inbox/f{i}.csv')
        while not any(n.startswith(f'f{i}.') and n.endswith('.summary.json') for n in os.listdir(outbox)):
            time.sleep(0.0002)
        found.append((time.monotonic() - start) * 1000)
        if i % 20 == 19: # so that looking into the outbox stays cheap
            for name in os.listdir(outbox):
                os.remove(f'{outbox}/{name}')
    daemon.send_signal(signal.SIGTERM)
    daemon.wait()
    return sorted(found)


def table(rows, rounds, floors, ours, peak, waits):
    """Markdown."""
    def line(name, which, wanted):
        floor = statistics.median(r[which] for r in floors)
        mine = statistics.median(r[which] for r in ours)
        each = 2 * rows
        return (f'| {name} | {each / floor:,.0f}/s | {each / mine:,.0f}/s | '
                f'{floor / mine:.2f} | {wanted} |')
    new = statistics.median(r[0] for r in ours)
    again = statistics.median(r[1] for r in ours)
    return '\n'.join([
        f'SQLite, {rows:,} rows of two courses each, {USERS:,} users, medians of {rounds}:',
        '',
        '| | floor (sqlite3 shell) | enrold | ratio | wanted |',
        '|---|---|---|---|---|',
        line('new enrolments', 0, '1.5'),
        line('nightly, all there already', 1, '1.5'),
        f'| nightly against new | | | {new / again:.1f} times as fast | 3 |',
        f'| peak memory, page cache included | | {peak:.0f} MiB | | 96 + 128 MiB |',
        f'| ten rows, drop to answer, p50 | | {waits[len(waits) // 2]:.1f} ms | | 10 ms |',
        f'| ten rows, drop to answer, p99 | | {waits[len(waits) * 99 // 100]:.1f} ms | | 50 ms |',
    ])


def readme(text):
    path = f'{ROOT}/README.md'
    with open(path) as source:
        before, rest = source.read().split('<!-- bench -->')
    rest = rest.split('<!-- /bench -->')[1]
    with open(path, 'w') as out:
        out.write(f'{before}<!-- bench -->\n{text}\n<!-- /bench -->{rest}')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--rows', type=int, default=250_000)
    parser.add_argument('--readme', action='store_true')
    options = parser.parse_args()
    base, data = prepare(options.rows)
    floors, ours, peak = [], [], 0
    for _ in range(options.rounds): # in turn: a noisy neighbour hits both
        floors.append(floor_round(base, data))
        times, memory = enrold_round(base, data)
        ours.append(times)
        peak = max(peak, memory)
        print(f'floor {floors[-1]}  enrold {times}  {memory:.0f} MiB', file=sys.stderr)
    text = table(options.rows, options.rounds, floors, ours, peak, latency(base))
    print(text)
    if options.readme:
        readme(text)


main()
