"""The options of a step, out of the free ones that all steps are given."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ..stream.config import explain
from ..stream.errors import ConfigError
from .options import StepOptions

Model = TypeVar("Model", bound=BaseModel)


def settled(model: type[Model], options: StepOptions) -> Model:
    """Return a step's `Config` from those options that are its own. Raises: ConfigError."""
    own = {key: value for key, value in options.config.items() if key in model.model_fields}
    try:
        return model(**own)
    except ValidationError as error:
        raise ConfigError(explain(error, model, "options")) from None
