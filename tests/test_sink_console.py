import io

import pytest
from rich.console import Console
from sink_messages import face, narration, person, reading, run_info, span, window

from affectstream.sinks import console
from affectstream.sinks._look.panel import BAR_CELLS, Rate, source_panel
from affectstream.sinks._look.words import printable
from affectstream.stream.errors import SinkError


class Out(io.StringIO):
    """A stream that says of itself what a terminal or a file would."""

    def __init__(self, terminal=False, encoding="utf-8"):
        super().__init__()
        self._terminal = terminal
        self._encoding = encoding

    @property
    def encoding(self):
        return self._encoding

    def isatty(self):
        return self._terminal


def make(out, run=None, now=lambda: 0.0, **fields):
    return console.ConsoleSink(console.Config(**fields), run or run_info(), out, now)


def shown(renderable, width=80):
    out = Out()
    Console(file=out, width=width).print(renderable)
    return out.getvalue()


MESSAGES = [
    reading(0, [person(1, 0.5, -0.25)]),
    window(25, [span(1), span(0, valence_mean=-0.42, quadrant="sad")]),
    narration(50, "First words."),
    narration(75, "Second words."),
    narration(100, "", gap="deadline"),
]


def test_plain_lines_follow_media_time():
    out = Out()
    sink = make(out)
    sink.open()
    for message in MESSAGES:
        sink.write(message, None)
    sink.close()
    assert out.getvalue().splitlines() == [
        "  0:01  clip  person 1 excited, valence +0.40, arousal +0.20, movement 0.30; "
        "group sad, valence -0.42, arousal +0.20, movement 0.30",
        "  0:02  clip  First words.",
        "  0:03  clip  Second words.",
        "  0:04  clip  no narration: deadline",
    ]


def test_the_panel_prints_every_narration_once(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    out = Out(terminal=True)
    sink = make(out)
    sink.open()
    for message in MESSAGES:
        sink.write(message, None)
    sink.close()
    sink.close()
    text = out.getvalue()
    assert text.count("First words.") == 1
    assert text.count("Second words.") == 1
    assert "no narration: deadline" in text


@pytest.mark.parametrize(
    ("terminal", "encoding", "style", "is_panel"),
    [
        (True, "utf-8", "auto", True),
        (True, "ascii", "auto", False),
        (False, "utf-8", "auto", False),
        (False, "utf-8", "panel", True),
        (True, "utf-8", "plain", False),
    ],
)
def test_where_nobody_looks_there_is_no_panel(monkeypatch, terminal, encoding, style, is_panel):
    monkeypatch.setenv("TERM", "xterm-256color")
    out = Out(terminal, encoding)
    sink = make(out, style=style)
    sink.open()
    sink.write(MESSAGES[1], None)
    sink.tick()
    sink.close()
    assert ("━" in out.getvalue()) == is_panel


def test_the_panel_is_drawn_no_faster_than_asked(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    times = iter([0.0, 0.0, *[0.01 * k for k in range(1, 200)]])
    out = Out(terminal=True)
    sink = make(out, now=lambda: next(times), style="panel", refresh_hz=1.0)
    sink.open()
    for seq in range(20):
        sink.write(reading(seq), None)
    drawn = out.getvalue().count("nobody in the picture")
    sink.close()
    assert drawn == 1


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_panel_fits_the_terminal(width):
    state = panel_state(people=[person(k, 0.9, -0.9) for k in range(1, 6)])
    lines = shown(source_panel(state, 3), width).splitlines()
    assert max(len(line) for line in lines) <= width
    assert "and 2 more" in "\n".join(lines)


def panel_state(people=(), told=None):
    from affectstream.sinks._look.panel import SourceState

    state = SourceState(run_info().sources[0])
    state.reading = reading(30, people)
    state.narration = told
    return state


def test_the_panel_says_what_was_not_measured():
    text = shown(source_panel(panel_state([person(4, None, None, face=None, movement=None)]), 5))
    assert "person 4" in text
    assert "moves" not in text
    assert text.count("   -") >= 2


def test_bars_point_to_the_side_of_the_sign():
    text = shown(source_panel(panel_state([person(1, 1.0, -1.0, face=face())]), 5), 100)
    half = BAR_CELLS // 2
    assert "V " + "─" * half + "┃" + "━" * half + " +1.00" in text
    assert "A " + "━" * half + "┃" + "─" * half + " -1.00" in text


def test_text_cannot_command_the_terminal():
    assert printable("\x1b[2Jhi\n\x07there\u200b") == "[2Jhi there"
    text = shown(source_panel(panel_state(told=narration(1, "[red]\x1b[31mred[/red]")), 5))
    assert "\x1b" not in text
    assert "[red]" in text


def test_rate_over_the_last_seconds():
    rate = Rate()
    assert rate.per_s() is None
    for k in range(101):
        rate.note(k / 10, k * 3)
    assert rate.per_s() == pytest.approx(30.0)


def test_a_stream_that_is_gone_is_told():
    out = Out()
    sink = make(out)
    sink.open()
    out.close()
    with pytest.raises(SinkError, match="terminal"):
        sink.write(MESSAGES[1], None)
    sink.close()
