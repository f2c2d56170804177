#!/usr/bin/env python3
"""What etc/alerts.yml and etc/grafana.json ask for is what the daemon tells, and the dashboard is one.

dashboard.py SOURCE          checks both
dashboard.py SOURCE rules    prints the dashboard's queries as rules, for promtool to check

The dashboard's shape is that of Grafana's own schema (kinds/dashboard in its sources), as far as we use
it: there is no Grafana in Debian to load it into.
"""
import json
import re
import sys
from pathlib import Path

source = Path(sys.argv[1])
dashboard = json.loads((source / "etc/grafana.json").read_text())
alerts = (source / "etc/alerts.yml").read_text()
faults = []


def expect(is_so, what):
    if not is_so:
        faults.append(what)


def panels():
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries():
    """Each with where it stands."""
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for annotation in dashboard["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"]["query"]


# ---- names and labels ----

STRANGERS = {"instance", "le", "alertname", "severity"}


def told():
    """The metrics of metrics_text.c, as Prometheus has them, and their labels."""
    text = (source / "src/daemon/metrics_text.c").read_text()
    names = set()
    for name, kind in re.findall(r'\{\{"(enrold_\w+)",\s*"(\w+)"', text):
        suffixes = ["_bucket", "_sum", "_count"] if kind == "histogram" else [""]
        names.update(name + suffix for suffix in suffixes)
    return names, set(re.findall(r'\{"([a-z]+)", ', text)) | STRANGERS


def names_check():
    names, labels = told()
    expect(len(names) > 20 and "feed" in labels, "metrics_text.c is not read as it is written")
    texts = [("alerts.yml", alerts), *queries()]
    for where, text in texts:
        for name in re.findall(r"\benrold_\w+", text):
            expect(name in names, f"{where}: {name} is no metric of ours")
        for found in re.findall(r"\bby \(([^)]*)\)|\{\{\$labels\.(\w+)", text.replace(" $labels", "$labels")):
            for label in re.split(r", *", found[0] or found[1]):
                expect(label in labels, f"{where}: {label} is no label of ours")
        for inside in re.findall(r"enrold_\w+\{([^}]*)\}", text):
            for label in re.findall(r"(\w+)=", inside):
                expect(label in labels, f"{where}: {label} is no label of ours")
    used = set(re.findall(r"\benrold_\w+", " ".join(text for _, text in texts)))
    for name in names:
        expect(name in used or re.sub("_(sum|count)$", "_bucket", name) in used,
               f"nobody looks at {name}")


# ---- the dashboard's shape ----

TYPES = {"stat", "table", "bargauge", "timeseries", "heatmap"}
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
BUILT_IN = {"__rate_interval", "__range", "labels", "datasource"}


def grid_check():
    taken = {}
    for panel in dashboard["panels"]:
        grid = panel["gridPos"]
        expect(grid["x"] >= 0 and grid["w"] > 0 and grid["x"] + grid["w"] <= 24, f"{panel['title']}: outside")
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                other = taken.setdefault((x, y), panel["title"])
                expect(other == panel["title"], f"{panel['title']} lies on {other}")


def thresholds_check(title, thresholds):
    values = [step["value"] for step in thresholds["steps"]]
    expect(values[0] is None and values[1:] == sorted(values[1:]), f"{title}: steps out of order")


def panel_check(panel):
    title = panel["title"]
    expect(panel["type"] in TYPES, f"{title}: of type {panel['type']}")
    expect(panel["datasource"] == DATASOURCE, f"{title}: a fixed data source")
    expect(panel["description"], f"{title}: says not what it is")
    expect(set(panel["fieldConfig"]) == {"defaults", "overrides"}, f"{title}: fieldConfig")
    refs = [target["refId"] for target in panel["targets"]]
    expect(refs and len(refs) == len(set(refs)), f"{title}: refIds {refs}")
    for target in panel["targets"]:
        expect(target["datasource"] == DATASOURCE, f"{title}: a fixed data source")
    if panel["type"] != "heatmap":
        thresholds_check(title, panel["fieldConfig"]["defaults"]["thresholds"])
    for override in panel["fieldConfig"]["overrides"]:
        for setting in override["properties"]:
            if setting["id"] == "thresholds":
                thresholds_check(title, setting["value"])


def table_check(panel):
    """Columns have names; what is coloured is one of them."""
    organize = next(step["options"] for step in panel["transformations"] if step["id"] == "organize")
    names = organize["renameByName"]
    for target in panel["targets"]:
        expect(f"Value #{target['refId']}" in names, f"column {target['refId']} has no name")
    for override in panel["fieldConfig"]["overrides"]:
        expect(override["matcher"]["options"] in names.values(), f"no column {override['matcher']['options']}")


def shape_check():
    for key in ("uid", "title", "schemaVersion", "time", "refresh", "annotations", "templating", "panels"):
        expect(key in dashboard, f"no {key}")
    expect("id" not in dashboard, "an id is of one Grafana only")
    ids = [panel["id"] for panel in dashboard["panels"]]
    expect(len(ids) == len(set(ids)), "two panels have the same id")
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    for where, text in queries():
        for name in re.findall(r"\$\{?(\w+)", text):
            expect(name in variables | BUILT_IN, f"{where}: nobody knows ${name}")
    expect({"datasource", "instance", "feed"} <= variables, "variables are missing")
    grid_check()
    for panel in panels():
        panel_check(panel)
        if panel["type"] == "table":
            table_check(panel)


# ---- ----

def rules_print():
    rules = []
    for number, (_, text) in enumerate(queries()):
        text = text.replace("$__rate_interval", "5m").replace("$__range", "1d")
        label = re.fullmatch(r"label_values\((.*), (\w+)\)", text)
        expr = f"group by ({label[2]}) ({label[1]})" if label else text
        rules.append({"record": f"query_{number}", "expr": re.sub(r"\$\w+", ".*", expr)})
    print(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))


if sys.argv[2:] == ["rules"]:
    rules_print()
else:
    names_check()
    shape_check()
print(*faults, sep="\n", end="\n" if faults else "", file=sys.stderr)
sys.exit(1 if faults else 0)
