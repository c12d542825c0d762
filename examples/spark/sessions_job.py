"""Parse a log on Spark: shards are parsed apart, their states merged, all lines matched with the one set of templates,
and sessions grouped by key as a shuffle, into Parquet that every later stage reads.

The parser is the project's own, run by Spark's `pipe` as a Unix filter, one process per partition; nothing of it is
written again here. Needs pyspark, and Node.js with the project on every machine.

    spark-submit sessions_job.py --input HDFS.log --output sessions.parquet --work work --partitions 8 \
        --deeplog "npx deeplog" -- --parser_config drain3.ini

    # two executors on one machine, against one process over the same input
    spark-submit --master "local-cluster[2,1,1024]" sessions_job.py ... --check drain_result/sessions.parquet

Everything after `--` goes to `deeplog drain` as it is: log format, masks, --adapter_type only_identifier --regex ...
`--work` must be on a file system that all executors see (it holds the merged state).
"""

import argparse
import json
import os
import shlex
import subprocess
import sys

from pyspark.sql import SparkSession
from pyspark.sql.types import ArrayType, BooleanType, DoubleType, IntegerType, LongType, StringType, StructField, StructType

SESSIONS = StructType([
    StructField("session", IntegerType(), False),
    StructField("key", StringType(), False),
    StructField("first_line", LongType(), False),
    StructField("lines", ArrayType(LongType(), False), False),
    StructField("n_lines", IntegerType(), False),
    StructField("events", ArrayType(IntegerType(), False), False),
    StructField("elapsed_ms", ArrayType(DoubleType(), False), True),
    StructField("label", BooleanType(), True),
])


def numbered_lines(spark, path, partitions):
    """RDD of "<number><tab><line>", numbers from 1 over the whole input; only \\n ends a line."""
    lines = spark.sparkContext.newAPIHadoopFile(
        path, "org.apache.hadoop.mapreduce.lib.input.TextInputFormat", "org.apache.hadoop.io.LongWritable", "org.apache.hadoop.io.Text",
        conf={"textinputformat.record.delimiter": "\n"}).values()
    # Numbered before it is spread out: a .gz comes in one piece.
    return lines.zipWithIndex().map(lambda pair: f"{pair[1] + 1}\t{pair[0]}").repartition(partitions)


def merged_state(shards, command, flags, work):
    """Learns templates of every shard apart, merges them, and returns the file with the one state."""
    texts = shards.pipe(f"{command} drain --stdin --numbered --state_out - --quiet {flags}", checkCode=True).collect()
    os.makedirs(work, exist_ok=True)
    files = []
    for i, text in enumerate(texts):
        files.append(os.path.join(work, f"state-{i:05d}.json"))
        with open(files[-1], "w", encoding="utf-8") as out:
            json.dump(json.loads(text)["state"], out)
    if len(files) == 1:
        return files[0]
    output = os.path.join(work, "merged")
    subprocess.run([*shlex.split(command), "drain", "--merge", *files, "--output_path", output, "--overwrite"], check=True)
    return os.path.join(output, "drain_state.json")


def session_row(group):
    """(key, events in any order) to a row of sessions.parquet but its number."""
    key, events = group
    events = sorted(events)
    times = [e[2] for e in events]
    elapsed = None
    if any(t is not None for t in times):
        gaps = [float("nan") if a is None or b is None else float(b - a) for a, b in zip(times, times[1:])]
        elapsed = [0.0 if times[0] is not None else float("nan")] + gaps
    labels = [e[3] for e in events if e[3] is not None]
    return (key, events[0][0], [e[0] for e in events], len(events), [e[1] for e in events], elapsed, any(labels) if labels else None)


def grouped(events):
    """Events (JSON lines of the filter) to sessions, numbered by their first line."""
    placed = events.map(json.loads).filter(lambda e: e.get("session") is not None)
    by_key = placed.map(lambda e: (e["session"], (e["line"], e["event"], e.get("time"), e.get("label")))).groupByKey()
    rows = by_key.map(session_row).sortBy(lambda r: r[1])
    return rows.zipWithIndex().map(lambda pair: (pair[1] + 1, *pair[0]))


def differences(spark, ours, theirs):
    """How many sessions of one are not in the other, by key, lines and events."""
    columns = ["session", "key", "first_line", "n_lines", "events"]
    a = spark.read.parquet(ours).select(*columns)
    b = spark.read.parquet(theirs).select(*columns)
    return a.count(), b.count(), a.exceptAll(b).count() + b.exceptAll(a).count()


def main():
    own, _, flags = " ".join(map(shlex.quote, sys.argv[1:])).partition(" -- ")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", required=True, help="log file(s), as Spark names them")
    parser.add_argument("--output", required=True, help="folder of part files to write, best named *.parquet")
    parser.add_argument("--work", required=True, help="folder for the parser states, seen by all executors")
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--deeplog", default="npx deeplog", help="how to run the project there")
    parser.add_argument("--state", help="match with this state instead of learning")
    parser.add_argument("--check", help="sessions.parquet of one process over the same input, to compare with")
    args = parser.parse_args(shlex.split(own))

    spark = SparkSession.builder.appName("deeplog sessions").getOrCreate()
    shards = numbered_lines(spark, args.input, args.partitions).cache()
    state = args.state or merged_state(shards, args.deeplog, flags, args.work)
    events = shards.pipe(f"{args.deeplog} drain --stdin --numbered --ndjson --state {shlex.quote(state)} --match_only --quiet {flags}", checkCode=True)
    spark.createDataFrame(grouped(events), SESSIONS).write.mode("overwrite").parquet(args.output)
    print(f"state: {state}")
    if args.check:
        ours, theirs, different = differences(spark, args.output, args.check)
        executors = spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1
        print(f"{executors} executors, {args.partitions} partitions: {ours} sessions; one process: {theirs}; {different} differ")
        if different or ours != theirs:
            sys.exit(1)
    spark.stop()


if __name__ == "__main__":
    main()
