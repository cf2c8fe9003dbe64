"""Step 4: put the features of all videos into one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from ...stream.errors import MissingExtraError, UsageError
from ...stream.tables import INTEGER_COLUMNS, TEXT_COLUMNS
from ..files import Ledger, stamp_of, text_file, whole
from ..options import StepOptions, StepResult
from ..pairs import read_pairs
from ..settings import StepConfig, own_keys

_TEXTS = TEXT_COLUMNS | {"video_id"}
_GROUP_ROWS = 1 << 15
_INTEGERS = INTEGER_COLUMNS | {"rating_raters"}


class Config(StepConfig):
    """What is written."""

    formats: tuple[Literal["parquet", "csv", "pkl"], ...] = Field(
        ("parquet",), description="formats of the one table: parquet, csv, pkl"
    )


def run(options: StepOptions) -> StepResult:
    """Leave `features.parquet`, and `.csv` and `.pkl` where asked for."""
    config = own_keys(options.config, Config, "combine")
    pairs = read_pairs(options.out, options.limit)
    paths = [options.out / "features" / f"{pair.video_id}.csv" for pair in pairs]
    there = [path for path in paths if path.is_file()]
    if not there:
        raise UsageError(
            f"{options.out / 'features'} is empty: run `affectstream dataset extract` first"
        )
    made = {form: options.out / f"features.{form}" for form in config.formats}
    ledger, stamp = Ledger(options.out, "combine"), stamp_of(there, sorted(made))
    result = StepResult()
    if len(there) < len(paths):
        result.notes.append(f"{len(paths) - len(there)} videos have no features and are left out")
    if not options.overwrite and ledger.is_done("all", stamp, *made.values()):
        result.skipped = len(there)
        return result
    if options.dry_run:
        result.notes.append(f"would combine {len(there)} videos into {', '.join(sorted(made))}")
        return result
    columns = _columns(there)
    if "csv" in made:
        _write_csv(made["csv"], there, columns)
    if "parquet" in made:
        _write_parquet(made["parquet"], there, columns)
    if "pkl" in made:
        _write_pickle(made["pkl"], there, columns)
    ledger.note("all", stamp)
    result.done = len(there)
    return result


def _columns(paths: Sequence[Path]) -> list[str]:
    """Return the columns of all videos, those of the ratings last."""
    names: dict[str, None] = {}
    for path in paths:
        with path.open(encoding="utf-8") as file:
            names |= dict.fromkeys(next(file).rstrip("\n").split(","))
    return sorted(names, key=lambda name: name.startswith("rating_"))


def _tables(paths: Sequence[Path], columns: Sequence[str]) -> Iterator[Any]:
    """Yield the table of each video, with all columns. Raises: MissingExtraError."""
    try:
        import pyarrow as pa
        from pyarrow import csv
    except ImportError:
        raise MissingExtraError("features.parquet", "dataset") from None

    def kind(name: str) -> Any:
        if name in _TEXTS:
            return pa.string()
        return pa.int64() if name in _INTEGERS else pa.float64()

    schema = pa.schema([(name, kind(name)) for name in columns])
    convert = csv.ConvertOptions(
        column_types=schema,
        null_values=[""],
        strings_can_be_null=True,
        include_columns=list(columns),
        include_missing_columns=True,
    )
    for path in paths:
        yield csv.read_csv(path, convert_options=convert)


def _write_parquet(path: Path, paths: Sequence[Path], columns: Sequence[str]) -> None:
    """Write video after video; rows are gathered until a group of them is worth its head."""
    writer = None
    waiting: list[Any] = []
    with whole(path) as draft:
        try:
            for table in _tables(paths, columns):
                if writer is None:
                    from pyarrow.parquet import ParquetWriter

                    writer = ParquetWriter(draft, table.schema, compression="zstd")
                waiting.append(table)
                if sum(len(one) for one in waiting) >= _GROUP_ROWS:
                    _write_group(writer, waiting)
            if writer is not None and waiting:
                _write_group(writer, waiting)
        finally:
            if writer is not None:
                writer.close()


def _write_group(writer: Any, tables: list[Any]) -> None:
    import pyarrow as pa

    writer.write_table(pa.concat_tables(tables), row_group_size=sum(len(one) for one in tables))
    tables.clear()


def _write_csv(path: Path, paths: Sequence[Path], columns: Sequence[str]) -> None:
    with text_file(path) as to:
        to.write(",".join(columns) + "\n")
        for one in paths:
            with one.open(encoding="utf-8") as file:
                if next(file).rstrip("\n").split(",") != list(columns):
                    raise UsageError(
                        f"{one}: its columns are not those of the others; write parquet instead, "
                        "or extract all videos with the same networks"
                    )
                for line in file:
                    to.write(line)


def _write_pickle(path: Path, paths: Sequence[Path], columns: Sequence[str]) -> None:
    """Write a DataFrame; it is in memory as a whole."""
    import pandas as pd

    frames = [table.to_pandas() for table in _tables(paths, columns)]
    with whole(path) as draft:
        pd.concat(frames, ignore_index=True).to_pickle(draft, compression=None)
