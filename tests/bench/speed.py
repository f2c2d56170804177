#!/usr/bin/env python3
"""All the figures of speed, of all engines, in one run: README's table and plot.

    tests/bench/speed.py [--engine NAME ...] [--rounds 3] [--rows 100000] [--readme]

On every engine floor, enrold and limit take turns on equal databases of 200,000 people and 200
courses (bench.py, limit.py); beside them go 8,000 enrolments as a whole process, as a live Moodle
did them, ten rows by a running daemon, and a thousand small files of one feed. What was measured is
kept in build/bench/speed-ENGINE.json; --readme writes the table of README.md, the plot
tests/bench/speed.svg and the profile of tests/bench/README.md of all that is kept.

It takes about ten minutes, and wants a machine that has nothing else to do.
"""
import argparse, json, os, resource, shutil, statistics, subprocess, sys, time

import bench, limit, plot

SIZES = [1_000, 10_000, 30_000]
SMALL, EIGHT = 1_000, 4_000
# Enrolments a second of a live Moodle 4.5's own uploader, new and again: measured once, on the
# machine of two cores on which enrold was written, by a browser's requests.
MOODLE = {'postgresql': (270, 1060), 'mariadb': (293, 1060)}


def server_seconds():
    """The processor's time, user and system, of all processes of a server that runs here."""
    user = system = 0
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/stat') as source:
                name, rest = source.read().split('(', 1)[1].rsplit(')', 1)
        except OSError:
            continue
        if name in ('postgres', 'mariadbd'):
            fields = rest.split()
            user, system = user + int(fields[11]), system + int(fields[12])
    tick = os.sysconf('SC_CLK_TCK')
    return user / tick, system / tick


class Spent:
    """What a run has cost, by whom; of a SQLite database the client is all there is."""
    def __enter__(self):
        self.start, self.server = time.monotonic(), server_seconds()
        self.own = resource.getrusage(resource.RUSAGE_CHILDREN)
        return self

    def __exit__(self, *_):
        own, server = resource.getrusage(resource.RUSAGE_CHILDREN), server_seconds()
        self.all = {'wall': time.monotonic() - self.start,
                    'client user': own.ru_utime - self.own.ru_utime,
                    'client kernel': own.ru_stime - self.own.ru_stime,
                    'server user': server[0] - self.server[0],
                    'server kernel': server[1] - self.server[1]}


def drop(engine, data, spool):
    """One run of `enrold --once`: what it cost, and its peak of memory."""
    path = bench.config(engine.url, spool)
    os.makedirs(f'{spool}/inbox', exist_ok=True)
    shutil.copyfile(data, f'{spool}/inbox/rows.csv')
    with Spent() as spent:
        _, peak = bench.timed([f'{bench.BIN}/enrold', '--config', bench.once(path), '--once'])
    return spent.all, peak


def runs(engine, data):
    """New, then all of it there already."""
    spool = f'{bench.BENCH}/spool-speed'
    shutil.rmtree(spool, ignore_errors=True)
    engine.reset()
    return [drop(engine, data, spool) for _ in range(2)]


def measure_size(name, engine, limits, rows, rounds):
    """Medians of seconds, and what the last round's runs have cost."""
    data = bench.prepare(rows)[1]
    found = {'floor': [], 'floor again': [], 'new': [], 'again': [], 'limit': []}
    for _ in range(rounds):
        for key, seconds in zip(('floor', 'floor again'), bench.floor_round(name, engine, data)):
            found[key].append(seconds)
        (new, peak), (again, _) = runs(engine, data)
        found['new'].append(new['wall'])
        found['again'].append(again['wall'])
        limits.keep()
        found['limit'].append(limits.load())
        print(name, rows, {key: round(values[-1], 2) for key, values in found.items()}, file=sys.stderr)
    result = {key: statistics.median(values) for key, values in found.items()}
    return dict(result, rows=rows, peak=peak, spent=[new, again])


def small_files(engine):
    """A thousand files of ten rows wait in one feed: files a second."""
    engine.reset()
    spool = f'{bench.BENCH}/spool-small'
    shutil.rmtree(spool, ignore_errors=True)
    path = bench.once(bench.config(engine.url, spool))
    os.makedirs(f'{spool}/inbox')
    for i in range(SMALL):
        with open(f'{spool}/inbox/f{i}.csv', 'w') as out:
            out.write('username,course1\n')
            out.writelines(f'p{i * 10 + k},C{(i + k) % bench.COURSES}\n' for k in range(10))
    os.sync()
    return SMALL / bench.timed([f'{bench.BIN}/enrold', '--config', path, '--once'])[0]


def measure(name, options):
    base, _ = bench.prepare(options.rows)
    engine = bench.ENGINES[name](base)
    limits = limit.LIMITS[name](engine)
    sizes = [measure_size(name, engine, limits, rows, options.rounds if rows == options.rows else 1)
             for rows in SIZES + [options.rows]]
    eight = [[spent['wall'] for spent, _ in runs(engine, bench.prepare(EIGHT)[1])] for _ in range(5)]
    waits = bench.latency(engine)
    return {'engine': name, 'title': engine.title, 'sizes': sizes,
            'eight': [statistics.median(each) for each in zip(*eight)],
            'ten': [waits[len(waits) // 2], waits[len(waits) * 99 // 100]],
            'small': statistics.median(small_files(engine) for _ in range(3))}


# ---- what is told of it ----

def table_line(result):
    main = result['sizes'][-1]
    each = 2 * main['rows']
    moodle = MOODLE.get(result['engine'])
    times = [2 * EIGHT / seconds / of for seconds, of in zip(result['eight'], moodle)] if moodle else None
    cells = [result['title'], f"{each / main['new']:,.0f}", f"{each / main['again']:,.0f}",
             f"{100 * main['limit'] / main['new']:.0f} %", f"{main['floor'] / main['new']:.2f}",
             f"{main['floor again'] / main['again']:.2f}",
             f'{times[0]:.0f} · {times[1]:.0f}' if times else '',
             f"{result['ten'][0]:.1f} · {result['ten'][1]:.1f} ms", f"{result['small']:,.0f}"]
    return '| ' + ' | '.join(cells) + ' |'


def table(results):
    main = results[0]['sizes'][-1]
    head = ['', 'new', 'again', 'of the limit', 'floor, new', 'floor, again', 'Moodle', 'ten rows', 'small files']
    return '\n'.join([
        f"{main['rows']:,} rows of two courses each into a site of {bench.USERS:,} people; {os.cpu_count()} cores.",
        '', '| ' + ' | '.join(head) + ' |', '|---' * len(head) + '|'] + [table_line(result) for result in results])


def profile(results):
    lines = ['| | run | seconds | enrold, user | kernel | server, user | kernel | processors busy |', '|---' * 8 + '|']
    for result in results:
        main = result['sizes'][-1]
        for run, spent in zip(('new', 'again'), main['spent']):
            busy = sum(spent.values()) - spent['wall']
            lines.append(f"| {result['title']} | {run} | {spent['wall']:.2f} | {spent['client user']:.2f} | "
                         f"{spent['client kernel']:.2f} | {spent['server user']:.2f} | {spent['server kernel']:.2f} | "
                         f"{busy / spent['wall']:.2f} |")
        lines.append(f"| {result['title']} | the limit | {main['limit']:.2f} | | | | | |")
        lines.append(f"| {result['title']} | the floor: new, again | {main['floor']:.2f}, {main['floor again']:.2f} "
                     '| | | | | |')
    return '\n'.join(lines)


def kept_path(name):
    return f'{bench.BENCH}/speed-{name}.json'


def tell(is_for_readme):
    results = []
    for name in bench.ENGINES:
        if os.path.exists(kept_path(name)):
            with open(kept_path(name)) as source:
                results.append(json.load(source))
    print(table(results), profile(results), sep='\n\n')
    if is_for_readme:
        bench.readme('speed', table(results), 'README.md')
        bench.readme('profile', profile(results), 'tests/bench/README.md')
        with open(f'{bench.ROOT}/tests/bench/speed.svg', 'w') as out:
            out.write(plot.draw(results, MOODLE))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--engine', choices=bench.ENGINES, nargs='*', default=list(bench.ENGINES))
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--rows', type=int, default=100_000)
    parser.add_argument('--readme', action='store_true')
    parser.add_argument('--within', help=argparse.SUPPRESS) # a server's: that engine alone
    options = parser.parse_args()
    if options.within:
        with open(kept_path(options.within), 'w') as out:
            json.dump(measure(options.within, options), out, indent=1)
    else:
        os.makedirs(bench.BENCH, exist_ok=True)
        for name in options.engine:
            command = [sys.executable, __file__, '--within', name, f'--rounds={options.rounds}', f'--rows={options.rows}']
            command, environment = bench.with_server(name, command)
            if subprocess.run(command, env=environment).returncode != 0:
                print(f'{name}: not measured', file=sys.stderr)
    if not options.within:
        tell(options.readme)


if __name__ == '__main__':
    main()
