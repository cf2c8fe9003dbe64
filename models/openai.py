"""Any server that speaks OpenAI's chat protocol: Ollama, vLLM, llama-server and others.

Only servers of this machine are spoken to, unless the user says otherwise: facts about people do
not leave it unasked. The key, if one is needed, comes from the environment and is never shown.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import os
import urllib.parse
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ..stream.errors import ConfigError, ModelError, PolicyError
from .base import Draft, Manner, Task
from .grounded_narrator import GroundedNarrator
from .prompting import Prompter
from .tongues import tongue

MAX_ANSWER_BYTES = 1 << 20


class Config(BaseModel):
    """Which server and model. The default is Ollama's address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = "http://127.0.0.1:11434/v1"
    model: str = "tinyllama"
    max_new_tokens: int = Field(160, ge=1, le=4096)
    temperature: float = Field(0.0, ge=0.0, le=2.0)
    timeout_s: float = Field(60.0, gt=0)
    allow_remote: bool = False
    key_variable: str = "AFFECTSTREAM_NARRATOR_KEY"


class OpenAINarrator:
    """Asks a server for each text."""

    name = "openai"
    is_grounded = False
    expected_s = 0.0

    def __init__(self, config: Config, manner: Manner) -> None:
        """Check the address; nothing is sent. Raises: ConfigError, PolicyError."""
        self._config = config
        self._address = _address(config)
        self._prompter = Prompter(tongue(manner.language).NAME, manner.style, manner.prompts)
        self._grounded = GroundedNarrator(manner.language)

    def tell(self, task: Task) -> Draft:
        """Return the model's own words. Raises: ModelError, ConfigError."""
        plain = self._grounded.tell(task).text
        answer = self._post(
            {
                "model": self._config.model,
                "messages": self._prompter.messages(task, plain),
                "max_tokens": self._config.max_new_tokens,
                "temperature": self._config.temperature,
                "stream": False,
            }
        )
        try:
            text = answer["choices"][0]["message"]["content"]
            tokens = int((answer.get("usage") or {}).get("completion_tokens", 0))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(f"{self._where()} gave no chat completion") from error
        return Draft(str(text or ""), tokens)

    def _post(self, body: dict[str, Any]) -> Any:
        parts = self._address
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(str(parts.hostname), parts.port, timeout=self._config.timeout_s)
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(self._config.key_variable):
            headers["Authorization"] = f"Bearer {key}"
        with contextlib.closing(connection):
            try:
                path = f"{parts.path.rstrip('/')}/chat/completions"
                connection.request("POST", path, json.dumps(body), headers)
                response = connection.getresponse()
                payload = response.read(MAX_ANSWER_BYTES)
            except (OSError, http.client.HTTPException) as error:
                raise ModelError(f"{self._where()} does not answer: {error}. Is it on?") from error
        if response.status != http.HTTPStatus.OK:
            told = payload[:200].decode("utf-8", "replace")
            told = told.replace(key, "***") if key else told
            raise ModelError(f"{self._where()} says {response.status}: {told}")
        try:
            return json.loads(payload)
        except ValueError as error:
            raise ModelError(f"{self._where()} did not answer in JSON") from error

    def _where(self) -> str:
        return f"the server at {self._address.hostname}:{self._address.port}"


def check(config: BaseModel) -> None:
    """Look at the address before anything runs. Raises: ConfigError, PolicyError."""
    assert isinstance(config, Config)
    _address(config)


def _address(config: Config) -> urllib.parse.SplitResult:
    """Return the server's address. Raises: ConfigError, PolicyError."""
    parts = urllib.parse.urlsplit(config.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError("openai.url: an address such as http://127.0.0.1:11434/v1")
    if parts.username or parts.password or parts.query:
        raise ConfigError(
            f"openai.url: no credentials in it; put the key into {config.key_variable}"
        )
    if not config.allow_remote and not _is_here(parts.hostname):
        raise PolicyError(
            f"openai.url: {parts.hostname} is not this machine; facts about people leave it only "
            "with `allow_remote: true`"
        )
    return parts


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def build(config: Config, manner: Manner) -> OpenAINarrator:
    """Return the narrator. Raises: ConfigError, PolicyError."""
    return OpenAINarrator(config, manner)
