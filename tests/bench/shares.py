"""Where the time goes: of a new and a nightly run, and of the limit beside them, the processor's time
in each of enrold's libraries, in its kernel calls, and in the server.

By the clock and the processor's time it is one round without anything else; how enrold's own time is
shared out among its libraries is what perf sees in another one. Without perf it stays one number.
"""
import shutil, subprocess

import limit
from ground import BENCH
from rounds import NIGHTS, enrold_round, limit_round

LIBRARIES = ['enrold', 'database', 'libcrypto', 'libc', 'others']
DATABASES = 'libsqlite3', 'libpq', 'libmariadb'


def library(name):
    if name.startswith(DATABASES):
        return 'database'
    for known in ('enrold', 'libcrypto', 'libc'):
        if name == known or name.startswith(f'{known}.so') or name.startswith(f'{known}-'):
            return known
    return 'others'


def report(path):
    """The share of each library in what perf has recorded."""
    command = ['perf', 'report', '-i', path, '--stdio', '-g', 'none', '--sort', 'dso', '-F', 'overhead,dso']
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    found = dict.fromkeys(LIBRARIES, 0.0)
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 2 and words[0].endswith('%'):
            found[library(words[1])] += float(words[0].rstrip('%'))
    whole = sum(found.values())
    return {name: share / whole for name, share in found.items()} if whole else None


def perf_works():
    return shutil.which('perf') and subprocess.run(
        ['perf', 'record', '-q', '-e', 'cpu-clock:u', '-o', f'{BENCH}/perf.data', 'true'],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def recorded(engine, data):
    """The shares of both nights."""
    path, found = f'{BENCH}/perf.data', []
    before = ['perf', 'record', '-q', '-F', '1999', '-e', 'cpu-clock:u', '-o', path]
    enrold_round(engine, data, lambda: found.append(report(path)), before)
    return found + [report(path)]


def measure(engine, data, rows):
    found = {'rows': rows}
    runs = enrold_round(engine, data, lambda: limit.keep(engine))
    shares = recorded(engine, data) if perf_works() else [None, None]
    for night, run, share in zip(NIGHTS, runs, shares):
        found[night] = dict(run, shares=share)
    found['limit'] = dict(limit_round(engine), shares=None)
    return found
