"""A daemon, and how long whoever drops a file waits for its answer."""
import os, shutil, signal, subprocess, sys, time

from ground import BENCH, BIN, config, once, percentile, ten_rows, timed

DROPS, FILES = 300, 1_000


class Daemon:
    """Runs on an empty spool for as long as the block does."""
    def __init__(self, engine, more='', feeds=('.',)):
        self.engine, self.more, self.feeds = engine, more, feeds
        self.spool = f'{BENCH}/spool-daemon'

    def __enter__(self):
        self.engine.reset()
        shutil.rmtree(self.spool, ignore_errors=True)
        self.process = subprocess.Popen([f'{BIN}/enrold', '--config', config(self.engine.url, self.spool, self.more)])
        while not all(os.path.isdir(f'{self.spool}/outbox/{feed}') for feed in self.feeds):
            if self.process.poll() is not None:
                sys.exit('enrold has ended')
            time.sleep(0.05)
        time.sleep(0.5)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def answers(self, feed='.', start=''):
        return [name for name in os.listdir(f'{self.spool}/outbox/{feed}')
                if name.startswith(start) and name.endswith('.summary.json')]

    def rename(self, data, name):
        """Into the inbox, whole."""
        shutil.copyfile(data, f'{self.spool}/.giant')
        os.rename(f'{self.spool}/.giant', f'{self.spool}/inbox/{name}.csv')

    def wait_small(self, number, feed='.', pause=0.0002):
        """Milliseconds from the rename that drops a file of ten rows to its answer."""
        ten_rows(f'{self.spool}/.staged', number)
        start = time.monotonic()
        os.rename(f'{self.spool}/.staged', f'{self.spool}/inbox/{feed}/f{number}.csv')
        while not self.answers(feed, f'f{number}.'):
            if self.process.poll() is not None:
                sys.exit('enrold has ended')
            time.sleep(pause)
        return (time.monotonic() - start) * 1000


def one_by_one(engine, drops=DROPS):
    """Ten rows, one file after the other: p50 and p99 in milliseconds."""
    found = []
    with Daemon(engine) as daemon:
        outbox = f'{daemon.spool}/outbox'
        for i in range(drops):
            found.append(daemon.wait_small(i))
            if i % 20 == 19:  # so that looking into the outbox stays cheap
                for name in os.listdir(outbox):
                    if os.path.isfile(f'{outbox}/{name}'):
                        os.remove(f'{outbox}/{name}')
    found.sort()
    return {'drops': drops, 'p50': percentile(found, 50), 'p99': percentile(found, 99)}


def stage(folder, files):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for i in range(files):
        ten_rows(f'{folder}/f{i}.csv', i)
    return [f'f{i}.csv' for i in range(files)]


def all_at_once(engine, files=FILES):
    """Files of ten rows in one feed, dropped at once: seconds until the last answer is out, from a daemon
    that waits for them, and of the whole process of --once that finds them there."""
    with Daemon(engine) as daemon:
        names = stage(f'{daemon.spool}/.staged', files)
        start = time.monotonic()
        for name in names:
            os.rename(f'{daemon.spool}/.staged/{name}', f'{daemon.spool}/inbox/{name}')
        while len(daemon.answers()) < files:
            if daemon.process.poll() is not None:
                sys.exit('enrold has ended')
            time.sleep(0.02)
        seconds = time.monotonic() - start
    engine.reset()
    spool = f'{BENCH}/spool'
    shutil.rmtree(spool, ignore_errors=True)
    stage(f'{spool}/inbox', files)
    path = once(config(engine.url, spool))
    return {'files': files, 'daemon': seconds, 'once': timed([f'{BIN}/enrold', '--config', path, '--once']).seconds}
