"""The one error of the converter."""


class ConversionError(Exception):
    """The TFLite file holds something that this converter does not translate."""
