#!/usr/bin/env python3
"""How fast enrold is, how far that is from what the machine can do, and who waits.

    tests/bench/bench.py --all --readme                  # everything of the three engines, in a quarter of an hour
    tests/bench/bench.py --engine mariadb --readme       # one engine again; the others' figures stay
    tests/bench/bench.py --engine sqlite --part ten small [--rounds 3] [--rows 250000]
    tests/bench/bench.py --all --profile | --fairness    # where the time goes, who waits for whom; that alone
    tests/bench/bench.py --readme                        # the pages anew, of what was measured last

Prints the tables; with --readme they, and the plot, replace those in README.md, tests/bench/README.md,
tests/RESULTS.md and tests/bench/speed.svg. README.md beside this file says what is measured, and how.
Needs the release build, with -DENROLD_TESTS=ON. What it makes lies in build/bench, or in $ENROLD_BENCH.
"""
import argparse, os, subprocess, sys

import plot, tables
from engines import ENGINES, server_command
from ground import ROOT, prepare
from measure import PARTS, results

SKIPPED = 77
PLOT = 'tests/bench/speed.svg'


def measured(name, options):
    """Whether all of it went well."""
    command = [sys.executable, f'{ROOT}/tests/bench/measure.py', '--engine', name, '--rounds', str(options.rounds),
               '--rows', str(options.rows), '--parts', *options.part]
    environment = os.environ
    if name != 'sqlite':
        command, environment = server_command(name, command)
    status = subprocess.run(command, env=environment).returncode
    if status != 0:
        print(f'{ENGINES[name].title} is not measured: ' +
              ('its server is not installed' if status == SKIPPED else f'status {status}'), file=sys.stderr)
    return status == 0


def pages(everything):
    """The tables, as (page, mark, text)."""
    found = []
    if any('speed' in results_of for results_of in everything.values()):
        picture = f'![Enrolments a second against the rows of a file, by engine]({PLOT})'
        found.append(('README.md', 'bench', f'{tables.overview(everything)}\n\n{picture}'))
    for name, results_of in everything.items():
        for part, page, mark, table in (('speed', 'tests/bench/README.md', 'speed', tables.speed),
                                        ('uploader', 'tests/bench/README.md', 'waits', tables.waiting),
                                        ('profile', 'tests/bench/README.md', 'profile', tables.profile),
                                        ('fairness', 'tests/RESULTS.md', 'fairness', tables.fairness)):
            if part in results_of:
                found.append((page, f'{mark} {name}', table(name, results_of)))
    return found


def write(path, mark, text):
    """Between the mark's two comments."""
    begin, end = f'<!-- {mark} -->', f'<!-- /{mark} -->'
    with open(path) as source:
        page = source.read()
    if page.count(begin) != 1 or page.count(end) != 1:
        sys.exit(f'{path} has no place for {mark}: put the lines {begin} and {end} into it')
    before, rest = page.split(begin)
    with open(path, 'w') as out:
        out.write(f'{before}{begin}\n{text}\n{end}{rest.split(end)[1]}')


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--all', action='store_true', help='all engines')
    parser.add_argument('--engine', choices=ENGINES, nargs='+', default=[])
    parser.add_argument('--part', choices=PARTS, nargs='+', default=list(PARTS))
    parser.add_argument('--profile', action='store_const', const=['profile'], dest='part')
    parser.add_argument('--fairness', action='store_const', const=['fairness'], dest='part')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--rows', type=int, default=250_000)
    parser.add_argument('--readme', action='store_true', help='write the pages and the plot')
    parser.add_argument('--place', default=ROOT, help='another clone, whose pages are written')
    options = parser.parse_args()
    options.engine = list(ENGINES) if options.all else options.engine
    return options


def main():
    options = arguments()
    if options.engine:
        prepare(options.rows)
    went = [measured(name, options) for name in options.engine]
    everything = {name: results(name) for name in ENGINES if results(name)}
    for page, mark, text in pages(everything):
        print(f'\n{text}')
        if options.readme:
            write(f'{options.place}/{page}', mark, text)
    if options.readme:
        with open(f'{options.place}/{PLOT}', 'w') as out:
            out.write(plot.draw(everything))
    sys.exit(0 if all(went) else 1)


if __name__ == '__main__':
    main()
