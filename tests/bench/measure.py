#!/usr/bin/env python3
"""All figures of one engine, into BENCH/results/ENGINE.json; bench.py starts it, for a server while one runs.

Each part is written as soon as it is there, so that what breaks takes no other figure along.
"""
import argparse, json, os, sys, time

import fairness, rounds, shares, uploader, waits
from engines import ENGINES
from ground import BENCH, USERS, rows_file, site

PROFILED = 100_000  # rows at most: a share does not change with the rows


def part_speed(engine, options):
    found = {}
    for size in rounds.sizes(options.rows):
        count = rounds.rounds_of(size, options.rows, options.rounds)
        found[str(size)] = rounds.measure(engine, rows_file(size), count)
    return found


def part_uploader(engine, options):
    rows = min(options.rows, uploader.ROWS)
    return uploader.measure(engine, rows_file(rows), rows)


def part_ten(engine, options):
    return waits.one_by_one(engine, min(options.rows, waits.DROPS))


def part_small(engine, options):
    return waits.all_at_once(engine, min(options.rows, waits.FILES))


def part_fairness(engine, options):
    return fairness.measure(engine, rows_file(options.rows), options.rows)


def part_profile(engine, options):
    rows = min(options.rows, PROFILED)
    return shares.measure(engine, rows_file(rows), rows)


PARTS = {'speed': part_speed, 'uploader': part_uploader, 'ten': part_ten, 'small': part_small,
         'fairness': part_fairness, 'profile': part_profile}


def path_of(name):
    return f'{BENCH}/results/{name}.json'


def results(name):
    """What has been measured of an engine so far; empty if nothing has."""
    if not os.path.exists(path_of(name)):
        return {}
    with open(path_of(name)) as source:
        return json.load(source)


def store(name, found):
    os.makedirs(f'{BENCH}/results', exist_ok=True)
    with open(f'{path_of(name)}.part', 'w') as out:
        json.dump(found, out, indent=1)
    os.rename(f'{path_of(name)}.part', path_of(name))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--engine', choices=ENGINES, required=True)
    parser.add_argument('--rounds', type=int, required=True)
    parser.add_argument('--rows', type=int, required=True)
    parser.add_argument('--parts', nargs='+', choices=PARTS, required=True)
    options = parser.parse_args()
    engine = ENGINES[options.engine](site())
    for part in options.parts:
        load, start = os.getloadavg()[0], time.monotonic()
        figures = PARTS[part](engine, options)
        found = results(options.engine)
        found[part] = {'day': time.strftime('%Y-%m-%d'), 'load': load, 'rows': options.rows, 'rounds': options.rounds,
                       'users': USERS, 'found': figures}
        store(options.engine, found)
        print(f'{engine.title}: {part} in {time.monotonic() - start:.0f} s', file=sys.stderr)


if __name__ == '__main__':
    main()
