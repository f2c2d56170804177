"""The plot: enrolments a second against the rows of a file, both by powers of ten, an engine beside
the other. Colour says which night, the dashes whose. One SVG, readable on a light and a dark page."""
from math import log10

from engines import ENGINES
from figures import rate, speeds
from uploader import MOODLE

WIDTH, HEIGHT, LEFT, TOP, PANEL, GAP, TALL = 940, 400, 58, 78, 276, 16, 270
X, Y = (1e3, 250e3), (1e2, 2e6)
STYLE = '''
text { font: 12px system-ui, sans-serif; fill: #52514e } .title { font-weight: 600; font-size: 13px; fill: #0b0b0b }
.page { fill: #fcfcfb } .grid { stroke: #e1e0d9 } .line { fill: none; stroke-width: 1.6 } .enrold { stroke-width: 3 }
.new { stroke: #2a78d6 } .again { stroke: #d95926 } .limit { stroke: #199e70 } .dot { stroke: none }
.dot.new { fill: #2a78d6 } .dot.again { fill: #d95926 }
.floor { stroke-dasharray: 7 4 } .moodle { stroke-dasharray: 1.5 3.5 } .limit { stroke-dasharray: 12 3 2 3 }
@media (prefers-color-scheme: dark) { .page { fill: #1a1a19 } text { fill: #c3c2b7 } .title { fill: #ffffff }
 .grid { stroke: #2c2c2a } .new { stroke: #3987e5 } .dot.new { fill: #3987e5 } }
'''
LEGEND = [('enrold, new', 'enrold new'), ('enrold, nightly', 'enrold again'), ('limit of the machine', 'limit'),
          ('floor, new', 'floor new'), ('floor, nightly', 'floor again'), ("Moodle's uploader", 'moodle new'),
          ('the same, again', 'moodle again')]


def tick(value):
    return f'{value / 1e6:.3g} M' if value >= 1e6 else f'{value / 1e3:.3g} k' if value >= 1e3 else f'{value:.0f}'


class Panel:
    """One engine's axes; places are of (rows, rate)."""
    def __init__(self, number, right):
        self.left, self.right, self.out = LEFT + number * (PANEL + GAP), right, []

    def at(self, rows, speed):
        x = self.left + 8 + (PANEL - 16) * log10(rows / X[0]) / log10(self.right / X[0])
        y = TOP + TALL * (1 - log10(min(max(speed, Y[0]), Y[1]) / Y[0]) / log10(Y[1] / Y[0]))
        return x, y

    def grid(self, title, rows, has_scale):
        self.text(self.left, TOP - 10, title, 'class="title"')
        for value in (1e2, 1e3, 1e4, 1e5, 1e6):
            _, y = self.at(X[0], value)
            self.out.append(f'<path class="grid" d="M{self.left} {y:.1f}h{PANEL}"/>')
            if has_scale:
                self.text(self.left - 6, y + 4, f'{tick(value)}/s', 'text-anchor="end"')
        for value in rows:
            self.text(self.at(value, Y[0])[0], TOP + TALL + 18, tick(value), 'text-anchor="middle"')

    def text(self, x, y, text, more=''):
        self.out.append(f'<text x="{x:.1f}" y="{y:.1f}" {more}>{text}</text>')

    def line(self, kind, points):
        places = ' '.join(f'{x:.1f},{y:.1f}' for x, y in (self.at(*point) for point in points))
        self.out.append(f'<polyline class="line {kind}" points="{places}"/>')

    def marked(self, night, points):
        self.line(f'enrold {night}', points)
        for point in points:
            x, y = self.at(*point)
            self.out.append(f'<circle class="dot {night}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
        self.text(x + 4, y + (20 if night == 'new' else -10), f'{tick(points[-1][1])}/s', 'text-anchor="end"')


def panel(number, name, found):
    """found: [(rows, figures)], small ones first."""
    rows = [size for size, _ in found]
    one = Panel(number, max(rows[-1], 10 * X[0]))
    one.grid(ENGINES[name].title, rows if rows[0] >= X[0] else [], number == 0)
    ends = [X[0], one.right]
    for night in ('new', 'again'):
        one.line(f'moodle {night}', [(size, MOODLE[name][night]) for size in ends])
        one.line(f'floor {night}', [(size, rate(size, f, 'floor', night)) for size, f in found])
    one.line('limit', [(size, rate(size, f, 'limit')) for size, f in found])
    for night in ('new', 'again'):
        one.marked(night, [(size, rate(size, f, 'enrold', night)) for size, f in found])
    return one.out


def legend():
    out, x, y = [], LEFT, 20
    for title, kind in LEGEND:
        if x > WIDTH - 200:
            x, y = LEFT, y + 20
        out.append(f'<path class="line {kind}" d="M{x} {y - 4}h30"/><text x="{x + 36}" y="{y}">{title}</text>')
        x += 62 + 7 * len(title)
    return out


def draw(everything):
    """The SVG of {engine: results}."""
    names = [name for name in ENGINES if 'speed' in everything.get(name, {})]
    body = legend()
    for number, name in enumerate(names):
        body += panel(number, name, speeds(everything[name]['speed']))
    middle = LEFT + (PANEL + GAP) * len(names) / 2
    body.append(f'<text x="{middle:.0f}" y="{TOP + TALL + 40}" text-anchor="middle">rows of two courses in the file; '
                'enrolments a second, start-up and answers included</text>')
    title = 'Enrolments a second against the rows of a file'
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">\n'
            f'<style>{STYLE}</style>\n<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>\n'
            + '\n'.join(body) + '\n</svg>\n')
