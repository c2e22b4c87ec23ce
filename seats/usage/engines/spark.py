"""Daily counts of forgotten days from the archive, on Apache Spark. Needs the extra `spark` and Java, 17 or newer.

Spark's own settings (memory, cores, the address of this machine) come from its files and variables, as SPARK_CONF_DIR.
"""

import logging
import os
import shutil
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.conf import settings
from pyspark.sql import SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import DateType, LongType, StringType, StructField, StructType

from accounts.models import Account
from seats.models import UsageEvent
from seats.usage.archive import archived_files
from seats.usage.engines import DailyCount, EngineUnavailable
from seats.usage.settings import usage_settings

# Read by these types, so that no file is opened to find them out. See usage/parquet.py.
_SCHEMA = StructType(
    [
        StructField("account_id", LongType(), nullable=False),
        StructField("day", DateType(), nullable=False),
        StructField("event_id", StringType(), nullable=False),
        StructField("membership_id", LongType()),
        StructField("person", StringType(), nullable=False),
        StructField("feature", StringType(), nullable=False),
        StructField("outcome", StringType(), nullable=False),
        StructField("quantity", LongType(), nullable=False),
    ]
)


_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    # The files are known and were looked at: no job of its own to find them.
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "100000",
}
_ALONE = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}

# It tells of each connection that it opens and closes.
logging.getLogger("py4j").setLevel(logging.WARNING)


class SparkEngine:
    """Has the days that the archive has: those that are forgotten, from the first archived one on."""

    def __init__(self) -> None:
        """Raises EngineUnavailable."""
        if not shutil.which("java") and not os.environ.get("JAVA_HOME"):
            raise EngineUnavailable("Spark needs Java 17 or newer: install it, or name its folder by JAVA_HOME.")

    def complete_days(self, account: Account) -> tuple[date, date]:
        """See Engine."""
        row = usage_settings(account)
        if row.archived_from is None or row.forgotten_to is None:
            return date.max, date.min
        return row.archived_from, row.forgotten_to

    def counts(self, account: Account, first: date, last: date) -> Iterator[DailyCount]:
        """See Engine. Raises ArchiveUnusable."""
        # An event of such a day that is not archived yet came in the moment that a time was shortened. The database
        # first: what is moved meanwhile is then met twice, which is harmless, and not missed.
        late = list(
            UsageEvent.objects.filter(account=account, day__gte=first, day__lte=last).values_list(*_SCHEMA.fieldNames())
        )
        files = [f"file://{path}" for path in archived_files(account=account, first=first, last=last)]
        if not files and not late:
            return
        spark = _session()
        events = spark.createDataFrame(late, _SCHEMA)
        if files:
            events = events.unionByName(spark.read.schema(_SCHEMA).parquet(*files))
        mine = events.where((f.col("account_id") == account.pk) & f.col("day").between(first, last))
        once = mine.dropDuplicates(["account_id", "day", "event_id"])
        place = [f.coalesce("membership_id", f.lit(0)), "person", "day", "feature", "outcome"]
        for row in once.groupBy(*place).agg(f.count("*"), f.sum("quantity")).collect():
            yield DailyCount(*row)


def _session() -> Any:
    """The one of this process; it ends with it."""
    builder = SparkSession.builder.master(settings.SPARK_MASTER).appName("Seat Portal: daily counts")
    for name, value in (_SETTINGS | (_ALONE if settings.SPARK_MASTER.startswith("local") else {})).items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
