"""8,000 enrolments beside Moodle's own uploader of users, which takes one row after the other.

Its rates are not measured here but recorded constants, for scale: a live Moodle's uploader on the machine
of the notes, two cores like this one, new and the same again. On SQLite no such Moodle runs; there the
faster of the two stands for it.
"""
import statistics

from rounds import enrold_round

ROWS, ROUNDS = 4_000, 7
MOODLE = {'postgresql': {'new': 270, 'again': 1_060}, 'mariadb': {'new': 293, 'again': 1_060}}
MOODLE['sqlite'] = MOODLE['mariadb']


def measure(engine, data, rows=ROWS, rounds=ROUNDS):
    """Seconds of whole processes of enrold, start-up included, for a file of so many rows of two courses."""
    found = [enrold_round(engine, data) for _ in range(rounds)]
    new, again = ([run['seconds'] for run in night] for night in zip(*found))
    return {'enrolments': 2 * rows, 'new': statistics.median(new), 'again': statistics.median(again)}
