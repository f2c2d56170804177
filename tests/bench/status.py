#!/usr/bin/env python3
"""What `status` costs the daemon: its processor time for each request, with 50 feeds.

    tests/bench/status.py [--feeds 50] [--requests 1000] [--most 1.0]

Ends with 1 when that is more than --most milliseconds. One client asks again and again over one
connection, so that nothing but the answers is measured; of the daemon all threads count.
"""
import argparse, json, os, shutil, signal, socket, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = f'{ROOT}/build/release'


def prepare(root, feeds):
    """A site, and a spool in which each feed has a file that waits for its marker."""
    config = f'{root}/enrold.yaml'
    with open(config, 'w') as out:
        out.write(f'spool: {root}/spool\nnode: bench\nlms: {{ url: "sqlite:{root}/lms.db" }}\n'
                  f'log_level: error\nsettle: 0\nfeeds:\n')
        out.writelines(f'  f{i}: {{ marker: .done }}\n' for i in range(feeds))
    with open(f'{root}/courses.csv', 'w') as out:
        out.write('shortname\nC1\n')
    for command in (['init'], ['add-courses', f'{root}/courses.csv']):
        subprocess.run([f'{BIN}/enrolctl', '--config', config, 'lms'] + command, check=True, stdout=subprocess.DEVNULL)
    for i in range(feeds):
        os.makedirs(f'{root}/spool/inbox/f{i}')
        with open(f'{root}/spool/inbox/f{i}/staff.csv', 'w') as out:
            out.write('username,course1\nnobody,C1\n')
    return config


def start(root, config):
    """The daemon, once it is ready."""
    ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    ready.bind(f'{root}/notify')
    daemon = subprocess.Popen([f'{BIN}/enrold', '--config', config],
                              env={**os.environ, 'NOTIFY_SOCKET': f'{root}/notify'})
    while b'READY=1' not in ready.recv(4096):
        pass
    return daemon


def cpu_s(pid):
    """Of all its threads."""
    tasks = f'/proc/{pid}/task'
    return sum(int(open(f'{tasks}/{task}/schedstat').read().split()[0]) for task in os.listdir(tasks)) / 1e9


def ask(lines, client):
    client.sendall(b'{"v":1,"command":"status"}\n')
    answer = json.loads(lines.readline())['data']
    if json.loads(lines.readline())['exit'] != 0:
        sys.exit('status was refused')
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--feeds', type=int, default=50)
    parser.add_argument('--requests', type=int, default=1000)
    parser.add_argument('--most', type=float, default=1.0)
    options = parser.parse_args()
    root = tempfile.mkdtemp(prefix='enrold-status-')
    daemon = start(root, prepare(root, options.feeds))
    client = socket.socket(socket.AF_UNIX)
    client.connect(f'{root}/spool/enrold-bench.sock')
    lines = client.makefile('rb')
    while any(feed['state'] != 'waits' for feed in ask(lines, client)['feeds'] if feed['feed'] != 'default'):
        time.sleep(0.1)
    before, began = cpu_s(daemon.pid), time.monotonic()
    for _ in range(options.requests):
        answer = ask(lines, client)
    each_ms = (cpu_s(daemon.pid) - before) * 1000 / options.requests
    wall_ms = (time.monotonic() - began) * 1000 / options.requests
    print(f'status of {options.feeds} feeds: {each_ms:.3f} ms of the daemon\'s processor time each, '
          f'{wall_ms:.3f} ms until it is read, {len(json.dumps(answer))} bytes')
    daemon.send_signal(signal.SIGTERM)
    daemon.wait()
    shutil.rmtree(root)
    sys.exit(each_ms > options.most)


main()
