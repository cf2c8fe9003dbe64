"""TinyLlama, or any Llama of its kind, by the package `transformers` (extra `narrator`).

On a processor in bfloat16 on one thread: two threads that wait for each other while the networks
run need seven times as long (measured). On CUDA where there is one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..stream.errors import MissingExtraError, ModelError
from .base import Draft, Manner, Task
from .grounded_narrator import GroundedNarrator
from .prompting import Message, Prompter, expected_s
from .tongues import tongue

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] "
    "+ eos_token + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}"
    "{% endif %}"
)
"""For a folder that holds no template. Source: tokenizer_config.json of
TinyLlama/TinyLlama-1.1B-Chat-v1.0, Apache-2.0."""


class Config(BaseModel):
    """Where the model is and how it writes. `path` is a folder in the form of Hugging Face's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path
    max_new_tokens: int = Field(110, ge=1, le=1024)
    temperature: float = Field(0.0, ge=0.0, le=2.0)
    repetition_penalty: float = Field(1.1, ge=1.0, le=2.0)
    seed: int = 0
    threads: int = Field(1, ge=1)
    device: Literal["auto", "cpu", "cuda"] = "auto"


class TinyLlamaNarrator:
    """A causal language model that puts facts into words."""

    name = "tinyllama"
    is_grounded = False

    def __init__(self, config: Config, manner: Manner) -> None:
        """Load the model. Raises: MissingExtraError, ModelError, ConfigError."""
        self._config = config
        self._prompter = Prompter(tongue(manner.language).NAME, manner.style, manner.prompts)
        self._grounded = GroundedNarrator(manner.language)
        self._torch, self._tokenizer, self._model = _load(config)
        self.expected_s = expected_s(self.write, config.max_new_tokens)

    def tell(self, task: Task) -> Draft:
        """Return the model's own words. Raises: ModelError, ConfigError."""
        plain = self._grounded.tell(task).text
        return self.write(self._prompter.messages(task, plain), self._config.max_new_tokens)

    def write(self, messages: Sequence[Message], max_new_tokens: int) -> Draft:
        """Return what the model answers to a conversation, up to its end mark or the limit."""
        torch, config = self._torch, self._config
        template = None if getattr(self._tokenizer, "chat_template", None) else CHAT_TEMPLATE
        prompt = self._tokenizer.apply_chat_template(
            list(messages), chat_template=template, add_generation_prompt=True, tokenize=False
        )
        # The template holds no <s>, which the tokenizer puts in front, as in training.
        fed = self._tokenizer(prompt, return_tensors="pt").to(self._model.device)
        chosen: dict[str, Any] = {"do_sample": False}
        if config.temperature:
            torch.manual_seed(config.seed)
            chosen = {"do_sample": True, "temperature": config.temperature, "top_p": 0.9}
        with torch.inference_mode():
            made = self._model.generate(
                input_ids=fed["input_ids"],
                attention_mask=fed["attention_mask"],
                **chosen,
                max_new_tokens=max_new_tokens,
                repetition_penalty=config.repetition_penalty,
                pad_token_id=self._tokenizer.eos_token_id,
            )[0][fed["input_ids"].shape[1] :]
        text = self._tokenizer.decode(made, skip_special_tokens=True)
        return Draft(text, int(made.shape[0]))


def _load(config: Config) -> tuple[Any, Any, Any]:
    os.environ["HF_HUB_OFFLINE"] = "1"  # Nothing is fetched but by `affectstream models fetch`.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtraError("the narrator tinyllama", "narrator") from error
    if not (config.path / "config.json").is_file():
        raise ModelError(
            f"{config.path} holds no config.json: get the model by `affectstream models fetch "
            "tinyllama`, or name a folder that has it by --path"
        )
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(config.threads)
    is_cuda = config.device == "cuda" or (config.device == "auto" and torch.cuda.is_available())
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(config.path, local_files_only=True)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            config.path,
            dtype=torch.bfloat16,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
        )
        model = model.to("cuda" if is_cuda else "cpu").eval()
    except Exception as error:  # transformers, tokenizers and safetensors share no base of errors.
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ModelError(f"cannot load the language model in {config.path}: {reason}") from error
    return torch, tokenizer, model


def build(config: Config, manner: Manner) -> TinyLlamaNarrator:
    """Return the narrator, its model loaded. Raises: MissingExtraError, ModelError."""
    return TinyLlamaNarrator(config, manner)
