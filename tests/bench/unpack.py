#!/usr/bin/env python3
"""What it costs to unpack a gzip file and a ZIP archive: megabytes of content a second, and memory.

    tests/bench/unpack.py [--mib 256] [--place DIR] [--programs DIR] [--least 100]

A list of people is made up and packed. Unpacked it is hashed and written into a file without a name; the
floor only inflates it, by zlib. Times are the processor's, for others may be at it, of the best of three.
Ends with 1 when less than --least MB of content are unpacked in a second, or when four times as much content
takes more than MEMORY_MIB more memory.
"""
import argparse, gzip, os, random, shutil, subprocess, sys, zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MEMORY_MIB = 4


def people(mib):
    """Lines that no two are the same of, as they are in life: they shrink to a fifth."""
    chance, size, number = random.Random(4711), 0, 0
    yield b'username,firstname,lastname,email,course1,enroltimestart1\n'
    while size < mib << 20:
        lines = []
        for _ in range(10000):
            number += 1
            word = f'{chance.getrandbits(40):010x}'
            lines.append(f'u{number:07},{word[:5]},{word[5:]},{word[:5]}.{word[5:]}@example.org,'
                         f'course-{chance.randrange(900)},2026-{chance.randrange(1, 13):02}-01\n')
        text = ''.join(lines).encode()
        size += len(text)
        yield text


def pack(place, mib):
    """Returns what was packed: gzip, and ZIP deflated and stored."""
    plain = f'{place}/people.csv'
    with open(plain, 'wb') as out:
        out.writelines(people(mib))
    with open(plain, 'rb') as text, gzip.open(f'{place}/{mib}.gz', 'wb', compresslevel=6) as out:
        shutil.copyfileobj(text, out, 1 << 20)
    for name, way in ('deflated', zipfile.ZIP_DEFLATED), ('stored', zipfile.ZIP_STORED):
        with zipfile.ZipFile(f'{place}/{mib}.{name}.zip', 'w', way) as archive:
            archive.write(plain, 'people.csv')
    os.remove(plain)
    return [f'{mib}.gz', f'{mib}.deflated.zip', f'{mib}.stored.zip']


def cost(options, place, name):
    """Bytes, milliseconds to unpack and to inflate (gzip only), KiB of memory."""
    said = [[float(word) for word in subprocess.run(
        [f'{options.programs}/unpack_cost', f'{place}/{name}', place],
        stdout=subprocess.PIPE, check=True).stdout.split()] for _ in range(3)]
    return said[0][0], min(row[1] for row in said), min(row[2] for row in said), max(row[3] for row in said)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--mib', type=int, default=256)
    parser.add_argument('--place', default=f'{ROOT}/build/bench')
    parser.add_argument('--programs', default=f'{ROOT}/build/release')
    parser.add_argument('--least', type=float, default=100)
    options = parser.parse_args()
    place, is_bad, floor = f'{options.place}/unpack', False, None
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    try:
        print('| | MB/s | of the floor | memory, MiB | of a fourth of it |\n|---|---|---|---|---|')
        for small, large in zip(pack(place, options.mib // 4), pack(place, options.mib)):
            less = cost(options, place, small)[3]
            size, unpacked, inflated, more = cost(options, place, large)
            floor = floor or size / inflated / 1e3
            rate = size / unpacked / 1e3
            print(f'| {large.partition(".")[2]} | {rate:.0f} | {rate / floor:.2f} | {more / 1024:.1f} | {less / 1024:.1f} |')
            is_bad |= rate < options.least or more - less > MEMORY_MIB * 1024
        print(f'| zlib inflates the gzip file: the floor | {floor:.0f} | 1.00 | | |')
    finally:
        shutil.rmtree(place, ignore_errors=True)
    sys.exit(is_bad)


main()
