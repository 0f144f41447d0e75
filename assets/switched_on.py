"""Which sensors are switched on.

Not here: what they do.
"""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorStatus


def is_on(instance: dg.DagsterInstance, sensor: str) -> bool:
    """Whether the sensor of a name is switched on, by people or by itself."""
    states = instance.all_instigator_state(
        instigator_type=InstigatorType.SENSOR,
        instigator_statuses={InstigatorStatus.RUNNING, InstigatorStatus.DECLARED_IN_CODE},
    )
    return any(state.instigator_name == sensor for state in states)
