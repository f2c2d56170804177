"""Who waits for whom: files of ten rows in one feed, dropped one by one while two giants of another
feed run (one as a preview), and while new accounts with passwords are previewed, and made; and
meanwhile another writer of the database: on SQLite any write transaction, on a server somebody who enrols
people at random out of those in the giants."""
import os, random, sys, threading, time

from ground import BENCH, percentile
from waits import Daemon

FEEDS = 'feeds:\n  default: {}\n  a: {}\n  b: {}\n  new: { upload_type: add_or_update }\n'
NEW, HASHED = 20_000, 2_000


class Rival(threading.Thread):
    """Twenty writes a second, and how long each took."""
    def __init__(self, engine):
        super().__init__(daemon=True)
        self.write, self.waits, self.failed, self.is_over = engine.rival(), [], 0, False

    def run(self):
        while not self.is_over:
            start = time.monotonic()
            self.failed += not self.write()
            self.waits.append(time.monotonic() - start)
            time.sleep(0.05)

    def stop(self):
        self.is_over = True
        self.join()
        return self


def accounts(count):
    path = f'{BENCH}/new-{count}.csv'
    with open(path, 'w') as out:
        out.write('username,firstname,lastname,email,password\n')
        out.writelines(f'new{i},A,B,new{i}@example.org,Secret.{i}\n' for i in range(count))
    return path


def beside(engine, title, giants):
    """Drops into feed b, and the rival, until the giants ([lane, input]) have their answers."""
    feeds = sorted({lane.split('/')[0] for lane, _ in giants})
    with Daemon(engine, FEEDS, feeds + ['b']) as daemon:
        for number, (lane, data) in enumerate(giants):
            daemon.rename(data, f'{lane}/giant{number}')
        start, found, rival = time.monotonic(), [], Rival(engine)
        rival.start()
        while sum(len(daemon.answers(feed)) for feed in feeds) < len(giants):
            found.append(daemon.wait_small(len(found), 'b', 0.001))
            time.sleep(random.random() / 5)
        seconds = time.monotonic() - start
        rival.stop()
    found.sort()
    return {'title': title, 'seconds': seconds, 'drops': len(found), 'p50': percentile(found, 50),
            'p99': percentile(found, 99), 'rival': max(rival.waits, default=seconds) * 1000,
            'failed': rival.failed, 'writes': len(rival.waits)}


def measure(engine, data, rows):
    found = []
    for title, giants in ((f'two giants of {rows:,} rows, one a preview', [('a', data), ('a/preview', data)]),
                          (f'a preview of {NEW:,} new accounts with passwords', [('new/preview', accounts(NEW))]),
                          (f'{HASHED:,} new accounts with passwords', [('new', accounts(HASHED))])):
        found.append(beside(engine, title, giants))
        print(engine.title, found[-1], file=sys.stderr)
    return found
