"""The dataframe engine: Daft, in-process by default, on a Ray cluster by one setting.

Stages are functions `DataFrame -> DataFrame`; text work inside them is a batch UDF over Arrow. The engine reads pinned
tables and writes Parquet files wherever the rows are; `lake/lake.py` commits them. Not here: what a stage does.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from data_platform.core import progress, stopping
from data_platform.core.columns import Table
from data_platform.core.errors import KernelError, describe
from data_platform.core.extras import RAY, need
from data_platform.core.tables import declaration
from data_platform.lake.faults import faults_told, tried_again
from data_platform.lake.lake import Lake, Partition, Pin
from data_platform.lake.writer import DataFile
from data_platform.run import segments
from data_platform.run.recipe import RayEngine

# Both are read from the environment alone, when the libraries are loaded. Daft's telemetry is off:
os.environ.setdefault("DO_NOT_TRACK", "true")
# OpenMP, as PyTorch uses it, spins while it waits: with other threads on the same cores that takes a third more time.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if TYPE_CHECKING:
    import daft
    from daft import DataFrame

# Rows that travel through the plan together. Rows are documents: 512 of 100 kB are 50 MB.
MORSEL_ROWS = 512
# Rows per call of a text UDF.
BATCH_ROWS = 128
# Rows that are worked off sooner here than by workers, which take some 2 s each to start: a page takes 3 ms.
FEW_ROWS = 500
_ALONE = threading.Lock()  # what is made for processes of its own need not bear threads
# Files that are read at once. Daft decodes each without regard to how fast its rows are taken: measured on 2.4 GB of
# text in 128 MB files, peak memory is 0.6 GB with two and grows with the table (2.3 GB) without a limit.
FILES_AT_ONCE = 2


@dataclass(frozen=True)
class Output:
    """A table that a dataframe is written to, or its name. With `where`, a boolean column, only the rows it marks."""

    table: Table | str
    where: str | None = None

    @property
    def declared(self) -> Table:
        """The declaration of the table."""
        return declaration(self.table)


_configured: Literal["native"] | RayEngine | None = None


def configure(setting: Literal["native"] | RayEngine) -> None:
    """Choose the runner for this process.

    Raises:
        RuntimeError: if the process has another runner already: Daft allows one.
    """
    global _configured
    import daft

    if _configured == setting:
        return
    if _configured is not None:
        raise RuntimeError(f"this process runs on {_configured!r} and cannot change to {setting!r}")
    if isinstance(setting, RayEngine):
        need(RAY)
        import ray

        if not ray.is_initialized():
            # The demo fits one machine: leave a core to the driver, or an actor pool waits for ever.
            local = setting.ray == "auto"
            ray.init(
                address=None if local else setting.ray, log_to_driver=False, include_dashboard=False,
                **({"num_cpus": max(2, os.cpu_count() or 2)} if local else {}),
            )
        daft.set_runner_ray(noop_if_initialized=True)
    else:
        segments.remove_left()
        if _runner() != "native":  # a query before this has made it
            daft.set_runner_native()
    daft.set_execution_config(
        default_morsel_size=MORSEL_ROWS, enable_dynamic_batching=False, scantask_max_parallel=FILES_AT_ONCE
    )
    _configured = setting


def is_ray() -> bool:
    """Whether this process runs on Ray."""
    return _runner() == "ray"


def _runner() -> str:
    """Name of the runner of this process; Daft makes the native one where none was chosen."""
    import daft

    return daft.get_or_create_runner().name


def read(lake: Lake, pin: Pin, columns: Sequence[str]) -> DataFrame:
    """The rows that `pin` names, at the version it names."""
    import daft

    from data_platform.run.delta_source import read_table

    uri, past = lake.table_uri(pin.table), lake.past(pin.table, pin.version)
    with faults_told("read", uri):
        frame = tried_again(
            lambda: read_table(uri, pin.version, _io_config(lake), threads=not is_ray(), past=past))
    for name, value in Partition.of(lake.table(pin.table, pin.version), pin.partition or None).values:
        frame = frame.where(daft.col(name) == value)
    return frame.select(*columns)


def read_all(lake: Lake, pins: Sequence[Pin], columns: Sequence[str]) -> DataFrame:
    """The rows of several partitions of one table."""
    frames = [read(lake, pin, columns) for pin in pins]
    frame = frames[0]
    for other in frames[1:]:
        frame = frame.concat(other)
    return frame


_NUMBERS = itertools.count(1)
"""Of the functions of a process, by which their progress is counted."""


def batch_udf(
    function: Callable[..., pa.Array], fields: Mapping[str, pa.DataType], *, processes: bool = False,
    batch_rows: int = BATCH_ROWS, rows: int | None = None,
) -> Callable[..., daft.Expression]:
    """Make a UDF of a function from Arrow arrays to one struct array with `fields`; the struct is unnested to columns.

    With `processes`, calls run in worker processes: for Python that holds the interpreter lock. Compiled kernels that
    release it run faster in threads. A worker takes seconds to start, for it imports all that it needs: if `rows` says
    that there are few, they are worked off here, one call after the other.
    """
    import daft

    kind = pa.struct([pa.field(name, type_) for name, type_ in fields.items()])
    number = next(_NUMBERS)

    def call(*columns):
        arrays = [column.to_arrow() for column in columns]
        try:
            stopping.check()
            result = function(*(array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
                                for array in arrays))
        except (Exception, SystemExit, KeyboardInterrupt) as error:  # the engine waits for ever for a call that leaves
            raise KernelError(describe(error)) from None  # the engine logs what it is given
        progress.advance(len(result), number)  # in worker processes nobody listens; what they made is counted below
        return daft.Series.from_arrow(result.cast(kind), "result")

    returned = daft.DataType.from_arrow_type(kind)
    if not processes:
        return daft.func.batch(return_dtype=returned, unnest=True, batch_size=batch_rows)(call)
    if rows is not None and rows <= FEW_ROWS and not is_ray():

        def call_alone(*columns):
            with _alone():
                return call(*columns)

        return daft.func.batch(return_dtype=returned, unnest=True, batch_size=batch_rows)(call_alone)

    local = not is_ray()  # Ray ends its workers itself, and starts them from elsewhere
    if local:
        segments.name_blocks()

    class Worker:
        """Calls the function in a process of its own."""

        def __init__(self) -> None:
            if local:
                stopping.end_with_parent()
                segments.name_blocks(os.getppid())

        @daft.method.batch(return_dtype=returned, unnest=True, batch_size=batch_rows)
        def call(self, *columns):
            return call(*columns)

    return daft.cls(Worker, use_process=True, max_concurrency=_workers())().call


def _alone() -> threading.Lock:
    """The lock of this process; Daft makes copies of functions, with what they name, and can make none of a lock."""
    return _ALONE


def _workers() -> int:
    cores = len(os.sched_getaffinity(0))
    # On Ray, a pool of actors that takes every core waits for the core that feeds it.
    return max(1, cores - 1) if is_ray() else cores


def write(lake: Lake, frame: DataFrame, outputs: Sequence[Output]) -> dict[str, list[DataFile]]:
    """Execute `frame` once and write its rows to the tables of `outputs`. Returns the files, to be committed.

    The frame must have every column of every table; each output picks its own.
    """
    if is_ray():
        written = frame.write_sink(_sink(lake, outputs)).to_pydict()["file"]
        made = [DataFile.from_json(json.loads(text)) for text in written]
    else:
        # Not through a sink: to keep what a sink gives, Daft imports whatever may have made an object, torch among it.
        writers = _Writers(lake, outputs)
        for batch in frame.to_arrow_iter(results_buffer_size=1):
            stopping.check()
            writers.write(pa.Table.from_batches([batch]))
            progress.advance(batch.num_rows)
        made = writers.close()
    files: dict[str, list[DataFile]] = {output.declared.name: [] for output in outputs}
    for file in made:
        files[file.table].append(file)
    return files


class _Writers:
    """Writers of several tables, which each take their own of the same rows."""

    def __init__(self, lake: Lake, outputs: Sequence[Output]) -> None:
        self._lake, self._outputs = lake, outputs
        self._writers: dict[str, Any] = {}

    def write(self, rows: pa.Table) -> None:
        for output in self._outputs:
            some = rows.filter(rows[output.where]) if output.where else rows
            some = some.select(output.declared.column_names)
            writer = self._writers.setdefault(output.declared.name, self._lake.writer(output.declared))
            for batch in some.combine_chunks().to_batches():
                writer.write(batch)

    def close(self) -> list[DataFile]:
        return [file for writer in self._writers.values() for file in writer.close()]


def _sink(lake: Lake, outputs: Sequence[Output]) -> Any:
    from daft.datatype import DataType
    from daft.io import DataSink
    from daft.io.sink import WriteResult
    from daft.recordbatch import MicroPartition
    from daft.schema import Schema

    class LakeSink(DataSink):
        """Streams morsels into table writers, one set per task of Ray."""

        def schema(self) -> Schema:
            return Schema.from_field_name_and_types([("file", DataType.string())])

        def write(self, micropartitions):
            writers, rows = _Writers(lake, outputs), 0
            for part in micropartitions:
                arrow = part.to_arrow()
                rows += arrow.num_rows
                writers.write(arrow)
            yield WriteResult([json.dumps(asdict(file)) for file in writers.close()], 0, rows)

        def finalize(self, write_results):
            files = [file for result in write_results for file in result.result]
            return MicroPartition.from_arrow(pa.table({"file": pa.array(files, pa.large_string())}))

    return LakeSink()


def _io_config(lake: Lake) -> Any:
    """Daft's object store settings, from the options that delta-rs takes and the environment."""
    if not lake.uri.startswith("s3://"):
        return None
    from daft.io import IOConfig, S3Config

    def option(name: str) -> str | None:
        return lake.storage_options.get(name) or lake.storage_options.get(name.lower()) or os.environ.get(name)

    endpoint = option("AWS_ENDPOINT_URL")
    return IOConfig(s3=S3Config(
        endpoint_url=endpoint, region_name=option("AWS_REGION") or "us-east-1", key_id=option("AWS_ACCESS_KEY_ID"),
        access_key=option("AWS_SECRET_ACCESS_KEY"), use_ssl=not (endpoint or "https").startswith("http:"),
        force_virtual_addressing=False,
    ))
