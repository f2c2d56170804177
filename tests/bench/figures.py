"""What follows from the measured: rates of enrolments, and ratios, which are medians of the rounds' own.

A rate counts what a file asks for: two enrolments a row. Nobody's run is compared with one of another day.
"""
import statistics

from rounds import NIGHTS
from uploader import MOODLE


def speeds(speed):
    """The sizes that were measured, and what was found of each, small ones first."""
    return sorted((int(size), found) for size, found in speed['found'].items())


def seconds(found, who, night):
    runs = found[who] if who == 'limit' else [rounds[NIGHTS.index(night)] for rounds in found[who]]
    return [run['seconds'] for run in runs]


def rate(size, found, who, night='new'):
    return 2 * size / statistics.median(seconds(found, who, night))


def ratio(found, who, night='new'):
    """How many times as fast as the floor or the limit enrold is."""
    return statistics.median(theirs / ours for theirs, ours in
                             zip(seconds(found, who, night), seconds(found, 'enrold', night)))


def peak(found):
    return max(run['memory'] for rounds in found['enrold'] for run in rounds)


def entries(found):
    """B-tree entries a second of the limit."""
    return found['entries'] / statistics.median(seconds(found, 'limit', 'new'))


def times_moodle(name, uploader, night):
    return uploader['enrolments'] / uploader[night] / MOODLE[name][night]
