#!/usr/bin/env python3
"""What it costs to compose a file: megabytes of content a second, and memory.

    tests/bench/compose.py [--mib 256] [--programs DIR] [--least 0.4]

A list of jobs, of ten thousand people, is composed as it stands (users), to the newest row of each (jobs, which
reads it twice), and with several courses in a cell (lists). The floor is csvin, which only finds the cells. Times
are the processor's, for others may be at it, of the best of three. Ends with 1 when what stands is composed at less
than --least of csvin's pace, or when four times as much takes more than MEMORY_MIB more memory.
"""
import argparse, os, subprocess, sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MEMORY_MIB = 2


def cost(options, mib):
    """By what was done: the best MB/s, and KiB."""
    best = {}
    for _ in range(3):
        said = subprocess.run([f'{options.programs}/compose_cost', str(mib)], check=True, capture_output=True,
                              text=True).stdout
        for line in said.splitlines():
            what, pace, _, memory, _ = line.split()
            best[what] = max(best.get(what, (0, 0)), (float(pace), int(memory)))
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--mib', type=int, default=256)
    parser.add_argument('--programs', default=f'{ROOT}/build/release')
    parser.add_argument('--least', type=float, default=0.4)
    options = parser.parse_args()
    small, large = cost(options, options.mib // 4), cost(options, options.mib)
    floor = large['csvin'][0]
    for what, (pace, memory) in large.items():
        print(f'{what:8} {pace:8.0f} MB/s  {pace / floor:6.2f} of csvin  {memory / 1024:6.1f} MiB, '
              f'{small[what][1] / 1024:.1f} of a quarter of it')
    is_slow = large['users'][0] < options.least * floor
    grows = [what for what in large if large[what][1] - small[what][1] > MEMORY_MIB << 10]
    if is_slow:
        print(f'less than {options.least} of csvin')
    if grows:
        print('memory grows with the file:', *grows)
    return 1 if is_slow or grows else 0


sys.exit(main())
