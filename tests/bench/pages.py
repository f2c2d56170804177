#!/usr/bin/env python3
"""What the pages of the outbox cost: milliseconds to make them anew after a run of a feed of many.

    tests/bench/pages.py [--runs 10000] [--place DIR] [--programs DIR] [--keep]

A SQLite site is made up in DIR with a row of the ledger and an answer for each run. Then the pages
are made as the daemon makes them: the first time, when all runs are read, and after each of some
more runs, beside a floor in the same run: the same bytes, written under the same names. Times are the
processor's, for others may be at it. It fails
when a page after a run takes longer than 50 ms. --keep leaves the spool to be looked at.
"""
import argparse, json, os, random, shutil, sqlite3, statistics, subprocess, sys, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DAYS, MORE, LIMIT_MS = 390, 20, 50
# What becomes of a nightly feed: mostly all is well.
FATES = [('applied', 0)] * 80 + [('applied', 7)] * 12 + [('refused', 0)] * 4 + [('previewed', 3)] * 3 + [('held', 0)]


def site_make(place, programs):
    config = f'{place}/enrold.yaml'
    with open(config, 'w') as out:
        out.write(f'spool: {place}/spool\nnode: bench\nlms: {{ url: "sqlite:{place}/lms.db" }}\nlog_level: error\n')
    subprocess.run([f'{programs}/enrolctl', '--config', config, 'lms', 'init'], check=True, stdout=subprocess.DEVNULL)
    os.makedirs(f'{place}/spool/outbox', mode=0o750)
    return config


def run_add(ledger, outbox, number, at_us, chance):
    state, errors = chance.choice(FATES)
    run = time.strftime('%Y%m%d-%H%M%S-', time.gmtime(at_us // 1000000)) + f'{at_us % 1000000:06}'
    rows = chance.randrange(200, 9000) if state != 'refused' else 0
    mode = '.preview' if state == 'previewed' else ''
    # As long as they are: the ledger's row spills over.
    summary = json.dumps({'run': run, 'feed': 'default', 'mode': 'apply', 'filler': 'x' * 2500})
    names = [f'.{run}{mode}.summary.json'] + ([f'.{run}{mode}.result.csv'] if rows else [])
    names += [f'.{run}{mode}.retry.csv'] if errors else []
    for name in names:
        with open(f'{outbox}/staff{name}', 'w') as out:
            out.write(run)
    counts = f'rows={rows} rows_in_error={errors} done={rows // 9} unchanged={rows - rows // 9 - errors} error={errors}'
    ledger.execute(
        'INSERT INTO enrold_run (run, state, feed, name, node, sha256, bytes, policy, started_us, today, records,'
        ' result_bytes, retry_bytes, counts, summary, summary_sha256, result_sha256, retry_sha256, number)'
        " VALUES (?, ?, 'default', 'staff.csv', 'bench', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?)",
        (run, state, '1' * 64, rows * 12, 'p' * 900, at_us, at_us // 1000000, rows, rows, errors, counts, summary,
         '2' * 64, '3' * 64, number))
    ledger.execute('INSERT INTO enrold_head (id, head, run, number) VALUES (1, ?, ?, ?)'
                   ' ON CONFLICT (id) DO UPDATE SET head = excluded.head, run = excluded.run,'
                   ' number = excluded.number', (f'{number:064}', run, number))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--runs', type=int, default=10000)
    parser.add_argument('--place', default=f'{ROOT}/build/bench')
    parser.add_argument('--programs', default=f'{ROOT}/build/release')
    parser.add_argument('--keep', action='store_true')
    options = parser.parse_args()
    place, chance = f'{options.place}/pages', random.Random(4711)
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    try:
        config = site_make(place, options.programs)
        ledger, outbox = sqlite3.connect(f'{place}/lms.db'), f'{place}/spool/outbox'
        now_us = int(time.time() * 1e6)
        for number in range(1, options.runs + 1):
            at_us = now_us - int((options.runs - number + 1) / options.runs * DAYS * 86400e6)
            run_add(ledger, outbox, number, at_us, chance)
        ledger.commit()
        cost = subprocess.Popen([f'{options.programs}/pages_cost', config], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)
        times = []
        for more in range(MORE + 1):
            cost.stdin.write('\n')
            cost.stdin.flush()
            times.append([float(word) for word in cost.stdout.readline().split()])
            run_add(ledger, outbox, options.runs + more + 1, int(time.time() * 1e6), chance)
            ledger.commit()
        cost.stdin.close()
        if cost.wait() != 0:
            sys.exit('pages_cost has failed')
        took, floor = (statistics.median(column) for column in list(zip(*times[1:]))[:2])
        worst = max(time[0] for time in times[1:])
        print(f'{options.runs:,} runs, pages of {times[-1][2] / 1000:.0f} KB:\n\n'
              '| | ms | of the floor |\n|---|---|---|\n'
              f'| the same bytes written: the floor | {floor:.2f} | 1.0 |\n'
              f'| all runs read, pages made | {times[0][0]:.1f} | {times[0][0] / floor:.1f} |\n'
              f'| pages made after a run, median of {MORE} | {took:.1f} | {took / floor:.1f} |\n'
              f'| the slowest of these | {worst:.1f} | {worst / floor:.1f} |')
        if worst > LIMIT_MS:
            sys.exit(f'that is more than {LIMIT_MS} ms')
    finally:
        if not options.keep:
            shutil.rmtree(place, ignore_errors=True)


main()
