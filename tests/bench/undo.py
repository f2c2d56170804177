#!/usr/bin/env python3
"""What it costs to undo a run, in times of what the run itself has cost.

    tests/bench/undo.py [--rows 250000] [--rounds 3]

A file enrols everybody on an empty site; its run is undone, and the undo is undone. The seconds are
those of the whole process, answers included; the most memory that it had is told beside them.
"""
import argparse, glob, json, os, resource, shutil, statistics, subprocess, tempfile, time

from absence import BIN, site


def once(config):
    """Seconds, and the most MB that any child has had until now."""
    began = time.monotonic()
    subprocess.run([f'{BIN}/enrold', '--config', config, '--once'], check=True, stderr=subprocess.DEVNULL)
    return time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def order(root, run):
    os.makedirs(f'{root}/spool/orders', exist_ok=True)
    with open(f'{root}/spool/orders/undo.{run}', 'w') as out:
        json.dump({'by': 'bench', 'uid': 0, 'loginuid': -1, 'why': 'bench', 'at': '2026-01-01T00:00:00Z',
                   'feed': 'default'}, out)


def summary(root, name):
    path, = glob.glob(f'{root}/spool/outbox/{name}.*.summary.json')
    with open(path) as text:
        return json.load(text)


def rounds(root, rows):
    config = site(root, '', rows // 10 + 1, 10)
    with open(f'{root}/spool/inbox/staff.csv', 'w') as out:
        out.write('username,course1\n')
        out.writelines(f'p{i // 10},C{i % 10}\n' for i in range(rows))
    took = [once(config)]
    name = 'staff'
    for _ in range(2):
        run = summary(root, name)['run']
        order(root, run)
        took.append(once(config))
        name = f'undo-{run}'
        assert summary(root, name)['outcomes']['done'] == rows, summary(root, name)
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--rows', type=int, default=250000)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--most', type=float, default=2, help='ends with 1 when the ratio is more')
    options = parser.parse_args()
    ratios = []
    for _ in range(options.rounds):
        top = tempfile.mkdtemp(prefix='enrold-bench-')
        try:
            (run, memory), (undone, undone_memory), (again, _) = rounds(top, options.rows)
        finally:
            shutil.rmtree(top)
        ratios.append(undone / run)
        print(f'run {run:.2f} s ({memory} MB), undone {undone:.2f} s ({undone_memory} MB), '
              f'that undone {again:.2f} s, ratio {ratios[-1]:.2f}')
    print(f'ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})')
    raise SystemExit(statistics.median(ratios) > options.most)


if __name__ == '__main__':
    main()
