#!/usr/bin/env python3
"""bench.py on a tiny site of SQLite: each table and the plot come out, and where the pages want them."""
import os, re, shutil, subprocess, sys, tempfile
import xml.etree.ElementTree as tree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGES = 'README.md', 'tests/RESULTS.md', 'tests/bench/README.md'
SVG = '{http://www.w3.org/2000/svg}'
# Of each mark: a row that its table has, with figures in it.
WANTED = {
    ('README.md', 'bench'): r'\| new enrolments \| [\d,]+/s \|[^!]*limit of the machine \| \d+% [^!]*!\[.*speed.svg',
    ('tests/bench/README.md', 'speed sqlite'): r'\| 200 new \| [\d,]+/s \| [\d,]+/s \| [\d,]+/s \| [\d.]+ \|',
    ('tests/bench/README.md', 'waits sqlite'): r'`--once`, start-up included \| 200 in [\d.]+ s: [\d,]+/s',
    ('tests/bench/README.md', 'profile sqlite'): r'\| the limit \| [\d.]+ \|',
}


def pages_copy(place):
    os.makedirs(f'{place}/tests/bench')
    for page in PAGES:
        shutil.copyfile(f'{ROOT}/{page}', f'{place}/{page}')


def wrong(place):
    """What is not as it should be."""
    for (page, mark), row in WANTED.items():
        with open(f'{place}/{page}') as source:
            text = re.search(f'<!-- {mark} -->(.*)<!-- /{mark} -->', source.read(), re.S)
        if not text or not re.search(row, text.group(1), re.S):
            yield f'{page}: {mark} is {text and text.group(1)}'
    lines = tree.parse(f'{place}/tests/bench/speed.svg').getroot().iter(f'{SVG}polyline')
    kinds = {line.get('class') for line in lines}
    missing = {f'line {who} {night}' for who in ('enrold', 'floor', 'moodle') for night in ('new', 'again')} - kinds
    if missing or 'line limit' not in kinds:
        yield f'the plot has only {sorted(kinds)}'


def main():
    if not shutil.which('sqlite3'):
        print('skipped: sqlite3 is not installed')
        return 77
    with tempfile.TemporaryDirectory() as work:
        pages_copy(f'{work}/clone')
        environment = dict(os.environ, ENROLD_BENCH=f'{work}/bench', ENROLD_USERS='500')
        subprocess.run([sys.executable, f'{ROOT}/tests/bench/bench.py', '--engine', 'sqlite', '--rounds', '1',
                        '--rows', '200', '--part', 'speed', 'uploader', 'ten', 'small', 'profile',
                        '--readme', '--place', f'{work}/clone'], env=environment, check=True)
        found = list(wrong(f'{work}/clone'))
        print(*found, sep='\n')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
