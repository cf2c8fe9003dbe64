"""What a run may be for, the notice for those it watches, and the data sheet of a deployment.

Help, not legal advice. Source: Regulation (EU) 2024/1689 (AI Act), Articles 5(1)(f) and 50(3);
Regulation (EU) 2016/679 (GDPR), Articles 13 and 30.
"""

from __future__ import annotations

import html
import logging

from .config import Job, RunConfig
from .errors import ConfigError, PolicyError

log = logging.getLogger(__name__)

REFUSED = ("workplace", "education")

SINKS = {
    "show": "the picture with everything drawn on it, in a window",
    "web": "the picture and everything measured, to a page in the browser",
    "memory": "what it gets, to the program that runs it",
    "video": "the picture with everything drawn on it, in a file",
    "csv": "numbers, in files",
    "sqlite": "numbers and words, in a file",
    "narrative": "words, in files",
    "parquet": "numbers and words, in files",
    "pickle": "numbers and words, in a file",
    "postgres": "numbers and words, in a database server",
    "zmq_pub": "numbers and words, to programs that subscribe",
    "mqtt": "the group's numbers and words, to a broker",
    "webhook": "chosen numbers and words, to a web address",
    "alerts": "alerts, to the channels named in the configuration",
    "prometheus": "the group's numbers, to whoever may ask",
    "console": "numbers and words, in the terminal",
}


RECORDED = {
    "never": "not recorded.",
    "events": "recorded around events about people and alerts, in files.",
    "always": "recorded, in files.",
}


def infers_emotions(config: RunConfig) -> bool:
    """Tell whether a run looks at expressions at all."""
    return config.models.get("expression") != "none" and config.models.get("face") != "none"


def check_purpose(config: RunConfig) -> None:
    """Refuse to infer emotions at work and in education. Raises: PolicyError, ConfigError."""
    if config.purpose_exception and not config.purpose_reason.strip():
        raise ConfigError("purpose_exception needs `purpose_reason`: why, in words")
    if config.purpose not in REFUSED or not infers_emotions(config):
        return
    if config.purpose_exception is None:
        raise PolicyError(
            f"purpose {config.purpose}: Article 5(1)(f) of the EU AI Act forbids to infer "
            "emotions of people at work and in education, save for medical or safety reasons. "
            "If yours is one, declare `purpose_exception: medical` or `safety` with "
            "`purpose_reason`; to measure movement alone, leave expressions out: "
            "--model expression=none"
        )
    log.warning(
        "purpose %s under the exception %s: %s",
        config.purpose,
        config.purpose_exception,
        config.purpose_reason,
    )


def notice() -> str:
    """Return a text for those who are watched; Article 50(3) wants them to be told."""
    return (
        "A camera here is read by a computer program (affectstream) that estimates, from faces "
        "and movements, how people look: pleased or displeased, calm or excited. The estimates "
        "can be wrong, and an expression is not a feeling. Nobody is identified, and nobody's "
        "face is compared with another.\n\n"
        "Responsible: ____________________   Purpose: ____________________\n"
        "What is kept, and for how long: ____________________\n"
        "You can ask to see or to delete what concerns you, and object: ____________________\n"
    )


def sign() -> str:
    """Return the notice as an A4 page (SVG) to print and hang up."""
    said = "".join(
        f'<text x="105" y="{y}" font-size="{8 + 2 * (weight == "bold")}" '
        f'font-weight="{weight}">{html.escape(line)}</text>'
        for y, weight, line in (
            (122, "bold", "A computer estimates here"),
            (135, "bold", "how people look and move."),
            (156, "normal", "Pleased or displeased, calm or excited:"),
            (168, "normal", "estimates, which can be wrong."),
            (180, "normal", "Nobody is identified."),
        )
    )
    asked = "".join(
        f'<text x="25" y="{y}" font-size="6">{html.escape(label)}</text>'
        f'<path d="M25 {y + 13}H185" stroke="black" stroke-width=".5"/>'
        for y, label in (
            (198, "Responsible:"),
            (219, "Purpose:"),
            (240, "What is kept, and for how long:"),
            (261, "Questions and objections:"),
        )
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" '
        'viewBox="0 0 210 297"><rect width="210" height="297" fill="white"/>'
        '<rect x="8" y="8" width="194" height="281" rx="8" fill="none" stroke="black" '
        'stroke-width="3"/><g fill="none" stroke="black" stroke-width="5">'
        '<rect x="55" y="38" width="72" height="52" rx="8"/><path d="M127 56 155 42v44l-28-14z"/>'
        '</g><circle cx="80" cy="57" r="4"/><circle cx="102" cy="57" r="4"/>'
        '<path d="M76 71q15 12 30 0" fill="none" stroke="black" stroke-width="4"/>'
        f'<g font-family="sans-serif"><g text-anchor="middle">{said}</g>{asked}</g></svg>\n'
    )


MEASURED: dict[Job, str] = {
    "face": "where faces are",
    "mesh": "the shape of their features and where heads turn",
    "expression": "expressions, and from them valence and arousal",
    "pose": "where bodies are, movement and posture",
}


def _measured(config: RunConfig) -> str:
    looked = [what for job, what in MEASURED.items() if config.models.get(job) != "none"]
    return "; ".join(looked) or "nothing"


def _law(config: RunConfig) -> str:
    if not infers_emotions(config):
        return "No expression is looked at; movement and posture alone are measured."
    told = (
        "Emotions are inferred from faces: Article 50(3) of the EU AI Act has people told who are "
        "exposed (`affectstream privacy notice`)."
    )
    if config.purpose not in REFUSED:
        return told
    return (
        f"{told} Article 5(1)(f) forbids it for {config.purpose}, save for medical or safety "
        f"reasons; declared is {config.purpose_exception}."
    )


def report(config: RunConfig, always: tuple[str, ...]) -> str:
    """Return the data sheet of a deployment, in Markdown, from its configuration."""
    kinds = dict.fromkeys([*(always if config.out else ()), *(e.kind for e in config.sinks)])
    shows = [kind for kind in kinds if kind in ("video", "web", "show")]
    exception = config.purpose_exception
    under = f", under the exception {exception}: {config.purpose_reason}" if exception else ""
    private = sum(camera.privacy for camera in config.cameras)
    hidden = f"; people are hidden of {private} cameras that say so" if private else ""
    rows = "\n".join(f"| `{kind}` | {SINKS.get(kind, 'see its page')} |" for kind in kinds)
    pictures = f"to {', '.join(shows)}, privacy `{config.privacy}`" if shows else "to nobody"
    return (
        "# Data sheet\n\nMade from the configuration; help, not legal advice.\n\n"
        f"- **Purpose:** {config.purpose}{under}\n"
        f"- **Sources:** {len(config.sources)} sources and {len(config.cameras)} cameras named in "
        "the configuration\n"
        f"- **Measured:** {_measured(config)}.\n"
        f"- **Pictures go** {pictures}{hidden}. Kept are those of the sink `video`, and what "
        "somebody keeps in the window of `show`.\n"
        f"- **Original stream:** {RECORDED[config.record]}\n"
        "- **Identification:** none. Person numbers start anew in every run; no embedding of a "
        "face is made for recognition, and none is stored.\n"
        f"- **Law:** {_law(config)}\n"
        f"- **Written to:** {config.out or 'no folder'}\n\n"
        "| Sink | What leaves by it |\n| --- | --- |\n"
        f"{rows or '| – | nothing |'}\n\n"
        "Retention is yours to set, by a timer: "
        "`affectstream runs prune FOLDER --keep pictures=24h --keep rows=30d`. Deletions are noted "
        "in `deletions.jsonl` and in the store.\n\n"
        "To fill in: who is responsible, legal basis, recipients, whether a data protection impact "
        "assessment was made, where the notice hangs.\n"
    )
