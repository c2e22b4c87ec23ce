"""An archive's file. The one module that imports pyarrow, which comes with the extra `archive`."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

# As in UsageEvent. The day is in the file as well as in its path, so that a file read alone has it.
SCHEMA = pa.schema(
    [
        pa.field("account_id", pa.int64(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("membership_id", pa.int64()),
        pa.field("person", pa.string(), nullable=False),
        pa.field("feature", pa.string(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("quantity", pa.int64(), nullable=False),
        pa.field("occurred_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("device", pa.int64()),
        pa.field("network", pa.int64()),
        pa.field("latitude", pa.int16()),
        pa.field("longitude", pa.int16()),
    ]
)


def write_events(path: Path, groups: Iterable[Sequence[tuple[Any, ...]]]) -> int:
    """Write groups of rows in SCHEMA's order, sorted by account so that readers can skip groups; returns how many."""
    written = 0
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for rows in groups:
            columns = [
                pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), SCHEMA, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=SCHEMA))
            written += len(rows)
    return written
