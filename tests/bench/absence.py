#!/usr/bin/env python3
"""What absence costs a nightly full file that changes nothing, and what it keeps in the database.

    tests/bench/absence.py [--rows 250000] [--nights 9] [--bytes-of 1000000]

Two sites with the same people and the same file, night by night in turn, one feed with absence and
one without; ratio = processor time with / without (median of the nights' ratios; the whole
process, answers included). Then the growth of the SQLite database by so many listings.
"""
import argparse, os, resource, shutil, statistics, subprocess, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = f'{ROOT}/build/release'


def site(root, feed, people, courses):
    os.makedirs(f'{root}/spool/inbox')
    config = f'{root}/enrold.yaml'
    with open(config, 'w') as out:
        out.write(f'spool: {root}/spool\nnode: bench\nlms: {{ url: "sqlite:{root}/lms.db" }}\n'
                  f'log_level: error\nsettle: 0\nfeeds:\n  default: {{ {feed} }}\n')
    with open(f'{root}/courses.csv', 'w') as out:
        out.write('shortname\n' + ''.join(f'C{i}\n' for i in range(courses)))
    with open(f'{root}/users.csv', 'w') as out:
        out.write('username\n' + ''.join(f'p{i}\n' for i in range(people)))
    for command in (['init'], ['add-courses', f'{root}/courses.csv'], ['add-users', f'{root}/users.csv']):
        subprocess.run([f'{BIN}/enrolctl', '--config', config, 'lms'] + command, check=True, stdout=subprocess.DEVNULL)
    return config


def night(root, config, rows, courses, number):
    """Seconds of the processor for one file."""
    with open(f'{root}/spool/inbox/staff-{number}.csv', 'w') as out:
        out.write('username,course1\n')
        out.writelines(f'p{i // courses},C{i % courses}\n' for i in range(rows))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([f'{BIN}/enrold', '--config', config, '--once'], check=True, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def size(root):
    return sum(os.path.getsize(f'{root}/{name}') for name in os.listdir(root) if name.startswith('lms.db'))


def cost(top, rows, nights):
    feeds = {'without': '', 'with': 'absence: { action: suspend }'}
    sites = {}
    for name, feed in feeds.items():
        root = f'{top}/{name}'
        sites[name] = (root, site(root, feed, rows // 2 + 1, 2))
        first = night(*sites[name], rows, 2, 0)
        print(f'first night {name}: {first:.2f} s')
    ratios, times = [], {name: [] for name in feeds}
    for i in range(1, nights + 1):
        for name in feeds:
            times[name].append(night(*sites[name], rows, 2, i))
        ratios.append(times['with'][-1] / times['without'][-1])
    print(f'nightly without {statistics.median(times["without"]):.3f} s, with {statistics.median(times["with"]):.3f} s, '
          f'ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})')
    return statistics.median(ratios)


def growth(top, listings):
    """Of the same rows with and without, the first time."""
    sizes = {}
    for name, feed in {'without': '', 'with': 'absence: { action: suspend }'}.items():
        root = f'{top}/grow-{name}'
        config = site(root, feed, listings // 10, 10)
        night(root, config, listings, 10, 0)
        subprocess.run(['sqlite3', f'{root}/lms.db', 'PRAGMA wal_checkpoint(TRUNCATE)'], stdout=subprocess.DEVNULL)
        sizes[name] = size(root)
        shutil.rmtree(root)
    grown = (sizes['with'] - sizes['without']) / 1e6
    print(f'{listings} listings take {grown:.0f} MB')
    return grown * 1e6 / listings


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--rows', type=int, default=250000)
    parser.add_argument('--nights', type=int, default=9)
    parser.add_argument('--bytes-of', type=int, default=1000000)
    parser.add_argument('--most', type=float, default=1.25, help='ends with 1 when the ratio is more')
    options = parser.parse_args()
    top = tempfile.mkdtemp(prefix='enrold-bench-')
    try:
        ratio = cost(top, options.rows, options.nights)
        each = growth(top, options.bytes_of) if options.bytes_of else 0
    finally:
        shutil.rmtree(top)
    raise SystemExit(ratio > options.most or each > 200)


if __name__ == '__main__':
    main()
