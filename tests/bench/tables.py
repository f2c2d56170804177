"""The tables of the figures, in Markdown. A part that has not been measured is a dash."""
from engines import ENGINES
from figures import entries, peak, rate, ratio, speeds, times_moodle
from rounds import NIGHTS
from shares import LIBRARIES
from uploader import MOODLE

TITLES = {'new': 'new', 'again': 'nightly, all there already', 'limit': 'the limit'}


def row(*cells):
    return f'| {" | ".join(cells)} |'


def head(*cells):
    return [row(*cells), '|' + '---|' * len(cells)]


def said(results, part, text):
    """What text makes of a part's figures."""
    return text(results[part]['found']) if part in results else '–'


def largest(results):
    return speeds(results['speed'])[-1]


# ---- of all engines ----

def speed_cell(results, what):
    return what(*largest(results)) if 'speed' in results else '–'


def moodle_cell(name, results, night):
    return said(results, 'uploader', lambda found:
                f'{found[night]:.3f} s, {times_moodle(name, found, night):,.0f} times Moodle')


def counted(everything, part, key):
    """How many the part was measured with; the largest, should engines differ."""
    return max((results[part]['found'][key] for results in everything.values() if part in results), default=0)


def overview(everything):
    """The one table, of {engine: results}."""
    names = [name for name in ENGINES if everything.get(name)]

    def line(title, cell):
        return row(title, *(cell(name, everything[name]) for name in names))
    rows = {largest(r)[0] for r in everything.values() if 'speed' in r}
    return '\n'.join(head(f'{max(rows, default=0):,} rows of two courses', *(ENGINES[n].title for n in names)) + [
        line('new enrolments', lambda n, r: speed_cell(r, lambda size, f: f'{rate(size, f, "enrold"):,.0f}/s')),
        line('– of the limit of the machine', lambda n, r: speed_cell(r, lambda size, f: f'{ratio(f, "limit"):.0%}')),
        line('– beside the floor', lambda n, r: speed_cell(r, lambda size, f: f'{ratio(f, "floor"):.2f} times')),
        line('nightly, all there already',
             lambda n, r: speed_cell(r, lambda size, f: f'{rate(size, f, "enrold", "again"):,.0f}/s')),
        line('– beside the floor',
             lambda n, r: speed_cell(r, lambda size, f: f'{ratio(f, "floor", "again"):.2f} times')),
        line(f'{counted(everything, "uploader", "enrolments"):,} enrolments with start-up, new',
             lambda n, r: moodle_cell(n, r, 'new')),
        line('the same file again', lambda n, r: moodle_cell(n, r, 'again')),
        line('ten rows, drop to answer: p50, p99',
             lambda n, r: said(r, 'ten', lambda f: f'{f["p50"]:.1f} ms, {f["p99"]:.1f} ms')),
        line(f'{counted(everything, "small", "files"):,} files of ten rows at once',
             lambda n, r: said(r, 'small', lambda f: f'{f["files"] / f["daemon"]:,.0f} files/s')),
    ])


# ---- of one engine ----

def caption(engine, part):
    return (f'{engine.title}, {part["users"]:,} users, medians of {part["rounds"]} rounds (one of the sizes between), '
            f'{part["day"]}, at a load of {part["load"]:.1f}:')


def speed(name, results):
    """Rates of each size of file, and how far they are from floor and limit."""
    lines = [caption(ENGINES[name], results['speed']), '']
    lines += head('rows of two courses', 'floor', 'limit', 'enrold', 'of the floor', 'of the limit')
    for night in NIGHTS:
        for size, found in speeds(results['speed']):
            theirs = f'{rate(size, found, "limit"):,.0f}/s' if night == 'new' else ''
            lines.append(row(f'{size:,} {TITLES[night]}', f'{rate(size, found, "floor", night):,.0f}/s', theirs,
                             f'{rate(size, found, "enrold", night):,.0f}/s', f'{ratio(found, "floor", night):.2f}',
                             f'{ratio(found, "limit", night):.2f}'))
    size, found = largest(results)
    return '\n'.join(lines + [
        '', f'The limit is {entries(found):,.0f} b-tree entries a second ({found["entries"] / 2 / size:.1f} for each '
        f'enrolment asked for). Peak memory of enrold: {peak(found):.0f} MiB.'])


def waiting(name, results):
    count = results['uploader']['found']['enrolments']
    lines = head('', ENGINES[name].title)
    for night in NIGHTS:
        lines.append(row(f'{count:,} enrolments, {TITLES[night]} (Moodle: {MOODLE[name][night]:,}/s, recorded)',
                         moodle_cell(name, results, night)))
    lines.append(row('ten rows, drop to answer: p50, p99',
                     said(results, 'ten', lambda f: f'{f["p50"]:.1f} ms, {f["p99"]:.1f} ms, of {f["drops"]}')))
    for way, title in (('daemon', 'a running daemon'), ('once', '`--once`, start-up included')):
        lines.append(row(f'files of ten rows at once, {title}', said(
            results, 'small', lambda f: f'{f["files"]:,} in {f[way]:.2f} s: {f["files"] / f[way]:,.0f}/s')))
    return '\n'.join(lines)


def fairness(name, results):
    part = results['fairness']
    lines = [f'{ENGINES[name].title}, {part["day"]}, at a load of {part["load"]:.1f}:', '']
    lines += head('beside', 'for', 'drops', 'p50', 'p99', 'another writer waits at most', 'and fails')
    for f in part['found']:
        lines.append(row(f['title'], f'{f["seconds"]:.0f} s', str(f['drops']), f'{f["p50"]:.0f} ms',
                         f'{f["p99"]:.0f} ms', f'{f["rival"]:.0f} ms', f'{f["failed"]} of {f["writes"]}'))
    return '\n'.join(lines)


def profile(name, results):
    """Seconds of the processor, in columns of whose they are."""
    part = results['profile']
    lines = [f'{ENGINES[name].title}, {part["found"]["rows"]:,} rows, {part["day"]}; seconds:', '']
    lines += head('', 'by the clock', *('enrold', 'its database library', 'libcrypto', 'libc', 'other libraries'),
                  'its kernel calls', 'server', "the server's kernel calls", 'enrold waits')
    for title in ('new', 'again', 'limit'):
        run = part['found'][title]
        busy = run['user'] + run['system']
        parts = ([f'{run["user"] * run["shares"][library]:.2f}' for library in LIBRARIES] if run['shares'] else
                 [f'{run["user"]:.2f} in all'] + [''] * (len(LIBRARIES) - 1))
        lines.append(row(TITLES[title], f'{run["seconds"]:.2f}', *parts, f'{run["system"]:.2f}',
                         f'{run["server_user"]:.2f}', f'{run["server_system"]:.2f}',
                         f'{max(0, run["seconds"] - busy):.2f}'))
    return '\n'.join(lines)
