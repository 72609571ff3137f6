"""The event log: bounded, in order, and always JSON."""

from __future__ import annotations

import json

from digitnet.web.event_log import N_STEPS, EventLog


def test_the_log_is_bounded_and_keeps_all_epochs() -> None:
    event_log = EventLog()
    event_log.begin("run")
    for epoch in range(1, 1001):
        for step in range(50):
            event_log.add("step", {"epoch": epoch, "step": step})
        event_log.add("epoch", {"epoch": epoch})
        event_log.add("picture", {"epoch": epoch, "weights": "x" * 1000})
    _, logged = event_log.after("")
    kinds = [one.kind for one in logged]
    assert (kinds.count("step"), kinds.count("epoch"), kinds.count("picture")) == (N_STEPS, 1000, 1)
    assert [one.number for one in logged] == sorted(one.number for one in logged)
    so_far = event_log.so_far()
    assert [epoch["epoch"] for epoch in so_far["epochs"]] == list(range(1, 1001))
    assert so_far["picture"]["epoch"] == 1000
    assert event_log.after(so_far["last_event_id"]) == ("run", [])
    event_log.begin("next")
    assert event_log.after(so_far["last_event_id"]) == ("next", [])
    event_log.add("start", {})
    assert [one.kind for one in event_log.after(so_far["last_event_id"])[1]] == ["start"]


def test_a_loss_that_json_has_no_number_for_is_logged_as_null() -> None:
    event_log = EventLog()
    event_log.begin("run")
    event_log.add(
        "epoch", {"epoch": 1, "validation_loss": float("inf"), "list": [float("nan"), 2.0]}
    )
    (logged,) = event_log.after("")[1]
    assert json.loads(logged.data) == {"epoch": 1, "validation_loss": None, "list": [None, 2.0]}
