"""Rounds of floor, enrold and limit, in turn, from equal databases.

The floor is the engine's own bulk loader, floors/ENGINE.sql: the same rows end in the same tables. Its
and enrold's second run of a round is the nightly one: everything is there already.
"""
import os, shutil, sys

import limit
from ground import BENCH, BIN, ROOT, config, once, timed

NIGHTS = 'new', 'again'
SIZES = 1_000, 10_000, 100_000


def floor_script(engine, data):
    script = f'{BENCH}/floor.sql'
    with open(f'{ROOT}/tests/bench/floors/{engine.name}.sql') as source, open(script, 'w') as out:
        out.write(source.read().replace('FILE', data))
    return script


def spool_make(engine):
    """An empty spool and the configuration of one run."""
    spool = f'{BENCH}/spool'
    shutil.rmtree(spool, ignore_errors=True)
    return spool, once(config(engine.url, spool))


def drop(spool, data):
    os.makedirs(f'{spool}/inbox', exist_ok=True)
    shutil.copyfile(data, f'{spool}/inbox/rows.csv')


def counted(engine, run):
    """What a run took, and what the server took for it, as a dictionary."""
    before = engine.server_seconds()
    took = run()
    user, system = (b - a for a, b in zip(before, engine.server_seconds()))
    return dict(took._asdict(), server_user=user, server_system=system)


def floor_round(engine, data):
    engine.reset()
    script = floor_script(engine, data)
    return [counted(engine, lambda: engine.script(script)) for _ in NIGHTS]


def enrold_round(engine, data, after_new=lambda: None, before=()):
    """Runs of `before`..., enrold: a prefix may be a profiler."""
    engine.reset()
    spool, path = spool_make(engine)
    found = []
    for night in NIGHTS:
        drop(spool, data)
        found.append(counted(engine, lambda: timed([*before, f'{BIN}/enrold', '--config', path, '--once'])))
        if night == 'new':
            after_new()
    return found


def limit_round(engine):
    engine.reset()
    return counted(engine, lambda: limit.load(engine))


def measure(engine, data, rounds):
    """Of each of floor, enrold and limit what the rounds took."""
    found = {'floor': [], 'enrold': [], 'limit': [], 'entries': 0}

    def keep():
        if not found['entries']:
            found['entries'] = limit.keep(engine)
    for _ in range(rounds):
        found['floor'].append(floor_round(engine, data))
        found['enrold'].append(enrold_round(engine, data, keep))
        found['limit'].append(limit_round(engine))
        print(engine.title, os.path.basename(data), *(f'{title} {took["seconds"]:.2f} s' for title, took in zip(
            ('floor', 'again', 'enrold', 'again', 'limit'),
            [*found['floor'][-1], *found['enrold'][-1], found['limit'][-1]])), file=sys.stderr)
    return found


def sizes(rows):
    """Those of the curve, up to what is measured."""
    return [size for size in SIZES if size < rows] + [rows]


def rounds_of(size, rows, rounds):
    """Between small ones, which are cheap and uncertain, and the one that counts, one is enough."""
    return 1 if 10_000 < size < rows else rounds
