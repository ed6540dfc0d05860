"""What a client may rely on, checked on the events it read. Shared by the clients in this folder; nothing here knows
how the bytes were read.

Give each line of the stream to `Stream.line` and call `Stream.finish` at its end. A broken promise raises `Violation`.
"""

import base64
import json
import re
from datetime import datetime, timedelta

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
DATA_URL = re.compile(r"data:image/(png|jpeg|webp);base64,([A-Za-z0-9+/]+={0,2})")
MAGIC = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "webp": b"RIFF"}


class Violation(Exception):
    """The service broke its contract."""


def require(condition, message):
    if not condition:
        raise Violation(message)


def check_response(status, headers):
    """`headers` is any mapping that ignores the case of names."""
    require(status == 200, f"status {status}")
    media_type = headers.get("content-type", "").split(";")[0].strip()
    require(media_type == "text/event-stream", f"content-type {media_type!r}")
    require(headers.get("cache-control") == "no-cache", f"cache-control {headers.get('cache-control')!r}")
    require(headers.get("x-accel-buffering") == "no", f"x-accel-buffering {headers.get('x-accel-buffering')!r}")
    require(UUID.fullmatch(headers.get("x-run-id", "")), f"x-run-id {headers.get('x-run-id')!r}")


class Stream:
    """The events in the order of their lines."""

    def __init__(self):
        self.events = []
        self.comments = 0
        self._done = False
        self._in_event = False

    def line(self, line):
        """One line without its end."""
        require("\r" not in line, "a carriage return in a line")
        if line == "":
            self._in_event = False
        elif line.startswith("data:"):
            require(not self._in_event, "two data lines without a blank line between them")
            require(line.startswith("data: "), "no blank after data:")
            self._in_event = True
            self._data(line[len("data: ") :])
        elif line.startswith(":"):
            self.comments += 1
        else:
            require(line.startswith(("id:", "event:", "retry:")), f"a line that is no field of an event: {line[:80]!r}")

    def finish(self):
        require(not self._in_event, "no blank line after the last event")
        require(self._done, "the stream ended without [DONE]")

    def _data(self, data):
        require(not self._done, f"an event after [DONE]: {data[:80]!r}")
        if data == "[DONE]":
            require(self.events and self.events[-1].get("isComplete") is True, "[DONE] without a terminal event")
            self._done = True
            return
        try:
            event = json.loads(data)
        except ValueError:
            raise Violation(f"not JSON: {data[:80]!r}") from None
        require(isinstance(event, dict), f"not an object: {data[:80]!r}")
        self._event(event)
        self.events.append(event)

    def _event(self, event):
        require(not (self.events and self.events[-1].get("isComplete")), "an event after the terminal one")
        check = {"log": self._log, "step": self._step, "result": self._result, "error": self._error}
        require(event.get("type") in check, f"an unknown type {event.get('type')!r}")
        if not self.events:
            require(event["type"] == "log" and event.get("message") == "starting", "the first event is not `starting`")
        check[event["type"]](event)

    def _log(self, event):
        require(event.get("level") in ("debug", "info", "warning", "error"), f"level {event.get('level')!r}")
        text(event, "message")
        at = text(event, "timestamp")
        try:
            parsed = datetime.fromisoformat(at.replace("Z", "+00:00"))
        except ValueError:
            raise Violation(f"timestamp {at!r}") from None
        require(parsed.utcoffset() == timedelta(0), f"timestamp {at!r} is not UTC")
        if not self.events:
            text(event, "runId")

    def _step(self, event):
        expected = 1 + sum(earlier["type"] == "step" for earlier in self.events)
        require(event.get("step") == expected, f"step {event.get('step')!r} instead of {expected}")
        for name in ("action", "description", "agentThought", "url", "title"):
            text(event, name)
        require(event.get("isComplete") is False, "a step with isComplete other than false")
        require("screenshot" in event, "a step without the field screenshot")
        if event["screenshot"] is not None:
            check_picture(event["screenshot"])

    def _result(self, event):
        require(isinstance(event.get("success"), bool), f"success {event.get('success')!r}")
        text(event, "finalText")
        errors = event.get("errors")
        require(isinstance(errors, list) and all(isinstance(e, str) for e in errors), f"errors {errors!r}")
        require(event.get("isComplete") is True, "a result that is not complete")

    def _error(self, event):
        message = text(event, "error")
        require(message and "\n" not in message, f"not one plain sentence: {message!r}")
        require(SNAKE_CASE.fullmatch(text(event, "code")), f"code {event['code']!r}")
        require(event.get("isComplete") is True, "an error that is not complete")


def text(event, name):
    require(isinstance(event.get(name), str), f"{event['type']}.{name} is {event.get(name)!r}")
    return event[name]


def check_picture(url):
    match = isinstance(url, str) and DATA_URL.fullmatch(url)
    require(match, f"screenshot {str(url)[:60]!r}")
    kind, encoded = match.groups()
    require(base64.b64decode(encoded).startswith(MAGIC[kind]), f"a screenshot that is no {kind}")


def report(stream):
    """The events as JSON, the pictures cut short."""

    def short(event):
        if event.get("screenshot"):
            return {**event, "screenshot": event["screenshot"][:40]}
        return event

    print(json.dumps({"events": [short(event) for event in stream.events], "comments": stream.comments}))
