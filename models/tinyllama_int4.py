"""TinyLlama with 4-bit weights by ONNX Runtime GenAI (extra `narrator-int4`).

`affectstream models export tinyllama` makes the folder; one thread, as for `tinyllama`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ..stream.errors import MissingExtraError, ModelError
from .base import Draft, Manner, Task
from .grounded_narrator import GroundedNarrator
from .prompting import Message, Prompter, expected_s
from .tongues import tongue

CONFIG = "genai_config.json"


class Config(BaseModel):
    """Where the exported model is and how it writes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path
    max_new_tokens: int = Field(110, ge=1, le=1024)
    repetition_penalty: float = Field(1.1, ge=1.0, le=2.0)


class Int4Narrator:
    """The exported model, put facts into words with."""

    name = "tinyllama-int4"
    is_grounded = False

    def __init__(self, config: Config, manner: Manner) -> None:
        """Load the model. Raises: MissingExtraError, ModelError, ConfigError."""
        self._config = config
        self._prompter = Prompter(tongue(manner.language).NAME, manner.style, manner.prompts)
        self._grounded = GroundedNarrator(manner.language)
        self._genai, self._model, self._tokenizer = _load(config)
        self.expected_s = expected_s(self.write, config.max_new_tokens)

    def tell(self, task: Task) -> Draft:
        """Return the model's own words. Raises: ModelError, ConfigError."""
        plain = self._grounded.tell(task).text
        return self.write(self._prompter.messages(task, plain), self._config.max_new_tokens)

    def write(self, messages: Sequence[Message], max_new_tokens: int) -> Draft:
        """Return what the model answers to a conversation, up to its end mark or the limit."""
        fed = self._tokenizer.encode(zephyr(messages))
        params = self._genai.GeneratorParams(self._model)
        params.set_search_options(
            max_length=len(fed) + max_new_tokens,
            do_sample=False,
            repetition_penalty=self._config.repetition_penalty,
        )
        try:
            generator = self._genai.Generator(self._model, params)
            generator.append_tokens(fed)
            made: list[int] = []
            while not generator.is_done() and len(made) < max_new_tokens:
                generator.generate_next_token()
                made.append(int(generator.get_next_tokens()[0]))
        except RuntimeError as error:
            raise ModelError(
                f"the language model in {self._config.path} failed: {error}"
            ) from error
        text = str(self._tokenizer.decode(made))
        return Draft(text.replace("</s>", ""), len(made))


def zephyr(messages: Sequence[Message]) -> str:
    """Return a conversation as TinyLlama-Chat was taught it (see `tinyllama.CHAT_TEMPLATE`)."""
    said = "".join(f"<|{one['role']}|>\n{one['content']}</s>\n" for one in messages)
    return f"<s>{said}<|assistant|>\n"


def _load(config: Config) -> tuple[Any, Any, Any]:
    try:
        import onnxruntime_genai
    except ImportError as error:
        raise MissingExtraError("the narrator tinyllama-int4", "narrator-int4") from error
    if not (config.path / CONFIG).is_file():
        raise ModelError(
            f"{config.path} holds no {CONFIG}: make it by `affectstream models export tinyllama`"
        )
    try:
        model = onnxruntime_genai.Model(str(config.path))
        return onnxruntime_genai, model, onnxruntime_genai.Tokenizer(model)
    except RuntimeError as error:
        raise ModelError(f"cannot load the language model in {config.path}: {error}") from error


def build(config: Config, manner: Manner) -> Int4Narrator:
    """Return the narrator, its model loaded. Raises: MissingExtraError, ModelError."""
    return Int4Narrator(config, manner)
