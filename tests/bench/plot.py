"""The plot of speed.py: rows a second against rows, both on scales of powers of ten. Plain SVG."""
import math

WIDTH, PANEL, HEIGHT, LEFT, TOP, BOTTOM = 960, 290, 420, 64, 44, 60
X, Y = (3, 5.6), (2, 6.2) # powers of ten: rows, and enrolments a second
STYLE = """<style>
 text { font: 12px sans-serif; fill: #444 } .title { font-weight: bold; font-size: 13px }
 .grid { stroke: #8884; stroke-width: 1 } .line { fill: none; stroke-width: 2 }
 .new { stroke: #0b66c3 } .again { stroke: #0b8a4a } .floor { stroke: #b36b00; stroke-dasharray: 6 4 }
 .limit { stroke: #c0392b; stroke-dasharray: 2 3 } .moodle { stroke: #777; stroke-dasharray: 8 3 2 3 }
 @media (prefers-color-scheme: dark) { text { fill: #ccc } .new { stroke: #5aa9ff } .again { stroke: #4fd08b }
  .floor { stroke: #f0a93b } .limit { stroke: #ff7b6b } .moodle { stroke: #aaa } }
</style>"""
LINES = [('new', 'new', 'enrold, new'), ('again', 'again', 'enrold, all there already'),
         ('floor', 'floor', "the engine's own loader, new and again"), ('floor again', 'floor', None),
         ('limit', 'limit', 'the limit: b-tree entries alone')]


def place(left, rows, rate):
    x = left + (math.log10(rows) - X[0]) / (X[1] - X[0]) * (PANEL - 30)
    y = TOP + (Y[1] - math.log10(rate)) / (Y[1] - Y[0]) * (HEIGHT - TOP - BOTTOM)
    return f'{x:.1f},{y:.1f}'


def line(left, points, kind):
    return f'<polyline class="line {kind}" points="{" ".join(place(left, *point) for point in points)}"/>'


def grid(left, is_first):
    lines = []
    for power in range(Y[0], math.ceil(Y[1])):
        (x0, y), (x1, _) = (place(left, 10 ** x, 10 ** power).split(',') for x in X)
        lines.append(f'<path class="grid" d="M{x0} {y}H{x1}"/>')
        if is_first:
            lines.append(f'<text x="{left - 8}" y="{float(y) + 4}" text-anchor="end">{10 ** power:,}</text>')
    for power in range(X[0], math.ceil(X[1])):
        x = place(left, 10 ** power, 10 ** Y[0]).split(',')[0]
        lines.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{10 ** power:,}</text>')
    return lines


def panel(left, result, moodle, is_first):
    lines = [f'<text class="title" x="{left}" y="{TOP - 14}">{result["title"]}</text>'] + grid(left, is_first)
    for key, kind, _ in LINES:
        points = [(size['rows'], 2 * size['rows'] / size[key]) for size in result['sizes']]
        lines.append(line(left, points, kind))
    for rate in moodle.get(result['engine'], ()):
        lines.append(line(left, [(10 ** X[0], rate), (10 ** X[1], rate)], 'moodle'))
    return lines


def legend():
    lines, x = [], LEFT
    for kind, text in [(kind, text) for _, kind, text in LINES if text] + [('moodle', 'Moodle')]:
        lines.append(f'<path class="line {kind}" d="M{x} {HEIGHT - 18}h22"/>'
                     f'<text x="{x + 27}" y="{HEIGHT - 14}">{text}</text>')
        x += 48 + 6.3 * len(text)
    return lines


def draw(results, moodle):
    body = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            '<title>Enrolments a second against rows of a file</title>', STYLE]
    for i, result in enumerate(results):
        body += panel(LEFT + i * PANEL, result, moodle, i == 0)
    body.append(f'<text x="{LEFT}" y="{HEIGHT - 32}">rows of a file; upwards: enrolments a second</text>')
    return '\n'.join(body + legend() + ['</svg>']) + '\n'
