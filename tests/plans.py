"""How the database does what it is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

Plan = dict[str, Any]


@contextmanager
def plans_of_queries() -> Iterator[list[Plan]]:
    """The plan of each query in the block, in their order, with the rows that it read. For blocks that only read:
    each query runs twice."""
    plans: list[Plan] = []

    def explain(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params, many, context)
        (((answer,),),) = context["cursor"].fetchall()
        plans.append(answer["Plan"])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield plans


def steps_of(plan: Plan) -> Iterator[Plan]:
    """Every step of a plan, each before those that it reads from."""
    yield plan
    for part in plan.get("Plans", []):
        yield from steps_of(part)


def indexes_asked(plan: Plan) -> list[str]:
    """The indexes that are asked, not read from end to end."""
    return [step["Index Name"] for step in steps_of(plan) if "Index Cond" in step]


def rows_read(plan: Plan, table: str) -> float:
    """How many rows of this table were read, also those that were put aside."""
    steps = [step for step in steps_of(plan) if step.get("Relation Name") == table]
    each = ((step["Actual Rows"] + step.get("Rows Removed by Filter", 0)) * step["Actual Loops"] for step in steps)
    return float(sum(each))
