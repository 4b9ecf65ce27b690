# SPDX-License-Identifier: ISC
"""What a panel is, apart from how it is drawn: a dict with a kind, a title,
a description, a size (of 24 columns), a unit and targets (expr, legend)."""


def panel(kind, title, description, size, unit, targets, **more):
    return {"kind": kind, "title": title, "description": description,
            "size": size, "unit": unit, "targets": targets, "steps": None,
            "words": None, "empty": None, "limit": 1, **more}


def row(title):
    return {"kind": "row", "title": title}


def stat(title, description, expr, unit, size, legend=None, **more):
    """Single values now; one, unless there is a legend."""
    return panel("stat", title, description, size, unit, [(expr, legend)],
                 **more)


def series(title, description, targets, unit, size, **more):
    """Lines over time; stack=True piles them, dashed names a limit."""
    return panel("timeseries", title, description, size, unit, targets,
                 **{"stack": False, "dashed": None, **more})


def heatmap(title, description, expr, unit, size):
    """Of the rate of buckets by le."""
    return panel("heatmap", title, description, size, unit,
                 [(expr, "{{le}}")])


def pie(title, description, expr, legend, unit, size):
    return panel("piechart", title, description, size, unit,
                 [(expr, legend)])


def bars(title, description, exprs, legend, unit, size, **more):
    targets = exprs if legend is None else [(exprs, legend)]
    return panel("bargauge", title, description, size, unit, targets, **more)


def table(title, description, expr, unit, size, columns):
    return panel("table", title, description, size, unit, [(expr, None)],
                 columns=columns, empty="none")


def firing(title, description, size):
    """The alerts of the data source, which has no expression in Grafana."""
    return panel("alertlist", title, description, size, None, [],
                 alerts='sort_desc(ALERTS)')
