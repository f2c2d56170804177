#!/usr/bin/env python3
"""What `enrolctl verify` costs: bytes a second beside openssl, which only hashes, and memory by runs.

    tests/bench/verify.py [--mib 2048] [--runs 1000 100000] [--least 500] [--script]

Ends with 1 when it reads less than --least MB/s, or when a hundred thousand runs take more than 250
bytes each beyond what a thousand take. Spool and ledger are made here, as enrold would leave them; --script
measures etc/verify.sh at the smaller number of runs, too.
"""
import argparse, hashlib, json, os, shutil, sqlite3, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = f'{ROOT}/build/release'
LINK_BYTES = 250  # of a run: its link, its place among them, and what grows in steps


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Site:
    """A ledger, and the files of runs that were never there."""

    def __init__(self, root):
        self.root, self.previous, self.number = root, '0' * 64, 0
        self.config = f'{root}/enrold.yaml'
        with open(self.config, 'w') as out:
            out.write(f'spool: {root}/spool\nlms: {{ url: "sqlite:{root}/lms.db" }}\n')
        self.ctl('lms', 'init')
        os.makedirs(f'{root}/spool/outbox')
        self.ledger = sqlite3.connect(f'{root}/lms.db')

    def ctl(self, *arguments):
        return subprocess.run([f'{BIN}/enrolctl', '--config', self.config, *arguments], stdout=subprocess.PIPE, check=True)

    def add(self, content):
        """A run whose result has that content and whose input is empty."""
        self.number += 1
        second = self.number - 1
        run = f'202601{1 + second // 86400:02}-{second // 3600 % 24:02}{second // 60 % 60:02}{second % 60:02}-000000'
        day = f'{self.root}/spool/archive/{run[:4]}/{run[4:6]}/{run[6:8]}'
        os.makedirs(day, exist_ok=True)
        open(f'{day}/staff.{run}.csv', 'w').close()
        result = sha256(content)
        with open(f'{self.root}/spool/outbox/staff.{run}.result.csv', 'wb') as out:
            out.write(content)
        body = json.dumps({
            'run': run, 'feed': 'default', 'mode': 'apply', 'status': 'done', 'refusal': None, 'node': 'bench',
            'policy_sha256': sha256(b''), 'input': {'name': 'staff.csv', 'bytes': 0, 'sha256': sha256(b'')}, 'rows': 0,
            'files': [{'name': f'staff.{run}.result.csv', 'bytes': len(content), 'sha256': result}],
            'number': self.number, 'previous': self.previous}, separators=(',', ':'))[:-1]
        self.previous = sha256(f'{self.previous}\n{body}'.encode())
        summary = f'{body},"chain":"{self.previous}"}}\n'
        with open(f'{self.root}/spool/outbox/staff.{run}.summary.json', 'w') as out:
            out.write(summary)
        self.ledger.execute(
            'INSERT INTO enrold_run (run, state, feed, name, node, sha256, policy, counts, summary, summary_sha256, '
            'result_sha256, retry_sha256, bytes, started_us, today, records, result_bytes, retry_bytes, number) '
            "VALUES (?, 'applied', 'default', 'staff.csv', 'bench', ?, '', '', ?, ?, ?, '', 0, 0, 0, 0, ?, 0, ?)",
            (run, sha256(b''), summary, sha256(summary.encode()), result, len(content), self.number))
        self.last = run, sha256(summary.encode())

    def finish(self):
        run, summary = self.last
        self.ledger.execute('INSERT OR REPLACE INTO enrold_head (id, head, run, number) VALUES (1, ?, ?, ?)',
                            (self.previous, run, self.number))
        self.ledger.commit()
        with open(f'{self.root}/spool/.head', 'w') as out:
            out.write(f'{1:020} {run} {summary} {self.previous} {1:020}\n')

    def verify(self, script=False):
        """Seconds and the most memory."""
        command = [f'{ROOT}/etc/verify.sh', f'{self.root}/spool'] if script else \
            [f'{BIN}/enrolctl', '--config', self.config, 'verify']
        began = time.monotonic()
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        said = child.stdout.read().decode()
        _, status, usage = os.wait4(child.pid, 0)
        if status != 0:
            sys.exit(f'{command} names something:\n{said[:4000]}')
        return time.monotonic() - began, usage.ru_maxrss * 1024


def with_site(use):
    root = tempfile.mkdtemp(prefix='enrold-bench-')
    try:
        return use(Site(root))
    finally:
        shutil.rmtree(root)


def speed(mib):
    def use(site):
        for _ in range(max(1, mib // 64)):
            site.add(os.urandom(1 << 20) * 64)
        site.finish()
        files = [entry.path for entry in os.scandir(f'{site.root}/spool/outbox')]
        rates = []
        for _ in range(3):  # the better of each, in turn: others use the machine, too
            began = time.monotonic()
            subprocess.run(['openssl', 'dgst', '-sha256', *files], stdout=subprocess.DEVNULL, check=True)
            hashed = time.monotonic() - began
            rates.append((site.verify()[0], hashed))
        size = sum(os.path.getsize(path) for path in files)
        ours, theirs = (size / 1e6 / min(rate[i] for rate in rates) for i in (0, 1))
        print(f'{size / 1e6:.0f} MB: verify {ours:.0f} MB/s, openssl dgst {theirs:.0f} MB/s, ratio {ours / theirs:.2f}')
        return ours
    return with_site(use)


def memory(runs, script):
    def use(site):
        for _ in range(runs):
            site.add(b'line\n')
        site.finish()
        seconds, most = site.verify()
        print(f'{runs} runs: {seconds:.1f} s, {most / 1e6:.1f} MB at most')
        if script:
            print(f'{runs} runs: verify.sh {site.verify(script=True)[0]:.1f} s')
        return most
    return with_site(use)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--mib', type=int, default=2048)
    parser.add_argument('--runs', type=int, nargs=2, default=[1000, 100000])
    parser.add_argument('--least', type=float, default=500)
    parser.add_argument('--script', action='store_true')
    given = parser.parse_args()
    # Memory first: what a child has at most counts from its fork on, and we grow.
    few, many = memory(given.runs[0], given.script), memory(given.runs[1], False)
    rate = speed(given.mib)
    each = (many - few) / (given.runs[1] - given.runs[0])
    print(f'{each:.0f} bytes for each run more')
    sys.exit(rate < given.least or each > LINK_BYTES)


main()
